/** What may stand in place of a piece of the query's text, from one index to another. */
export interface Offers {
  kind: "completions" | "queries";
  start: number;
  end: number;
  options: readonly Offer[];
}

export interface Offer {
  /** What is put there. */
  text: string;
  /** What is shown. */
  label: string;
  detail: string;
}

export const NOTHING: Offers = { kind: "completions", start: 0, end: 0, options: [] };

interface Standing {
  offers: Offers;
  /** The option that is chosen, -1 for none. */
  active: number;
  text: string;
}

type Step =
  | { type: "accept"; offer: Offer; prevent: true }
  | { type: "active"; active: number; prevent: true }
  /** Show the queries before; `last`: with the newest chosen. */
  | { type: "history"; last: boolean; prevent: true }
  | { type: "complete"; prevent: true }
  | { type: "hide"; prevent: true }
  | { type: "leave"; prevent: true }
  | { type: "mean"; prevent: true };

/**
 * What a key does in the box; null for what is left to the browser. Tab takes what is chosen, or the first completion of
 * a word that has been begun; else it goes on to the next field, as everywhere.
 */
export function afterKey({ key, shiftKey }: { key: string; shiftKey: boolean }, standing: Standing): Step | null {
  const { offers, active, text } = standing;
  const count = offers.options.length;
  const chosen = offers.options[active];
  if (key === "ArrowDown" || key === "ArrowUp") {
    if (count) return { type: "active", active: around(active, key === "ArrowDown" ? 1 : -1, count), prevent: true };
    if (!text) return { type: "history", last: key === "ArrowUp", prevent: true };
    return key === "ArrowDown" ? { type: "complete", prevent: true } : null;
  }
  if (key === "Escape") return { type: count ? "hide" : "leave", prevent: true };
  if (key === "Enter")
    return chosen ? { type: "accept", offer: chosen, prevent: true } : { type: "mean", prevent: true };
  if (key === "Tab" && !shiftKey) {
    const offer =
      chosen ?? (offers.end > offers.start && offers.kind === "completions" ? offers.options[0] : undefined);
    return offer ? { type: "accept", offer, prevent: true } : null;
  }
  return null;
}

/** The next place, with "none" between the last and the first. */
function around(place: number, by: 1 | -1, count: number): number {
  const next = place + by;
  return next >= count ? -1 : next < -1 ? count - 1 : next;
}
