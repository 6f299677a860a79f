/** A span of time that is being chosen, in ms: where it was begun, and where it has come to. */
export interface Stretch {
  anchor: number;
  head: number;
}

/** What a chart shows of time: its ends, and how wide a bucket is. */
export interface Scale {
  from: number;
  to: number;
  width: number;
}

/** The chosen span in whole buckets, at least one, within the chart. */
export function chosen({ anchor, head }: Stretch, { from, to, width }: Scale): [from: number, to: number] {
  const down = (time: number) => from + Math.floor((time - from) / width) * width;
  const begin = down(Math.min(anchor, head));
  const end = from + Math.ceil((Math.max(anchor, head) - from) / width) * width;
  return [Math.max(from, Math.min(begin, to - width)), Math.min(to, Math.max(end, begin + width))];
}

/** The time at a place of the chart, which is `size` wide; places beyond it are its ends. */
export function timeAtPlace(place: number, size: number, { from, to }: Scale): number {
  return from + Math.max(0, Math.min(1, size ? place / size : 0)) * (to - from);
}

export type Edge = "from" | "to";

/** The span after one of its edges was moved by a key; null for a key that moves none. Edges do not pass each other. */
export function nudged(
  [begin, end]: readonly [number, number],
  edge: Edge,
  key: string,
  fast: boolean,
  { from, to, width }: Scale,
): [from: number, to: number] | null {
  const step = width * (fast || key.startsWith("Page") ? 10 : 1);
  const now = edge === "from" ? begin : end;
  const next = moved(now, key, step, from, to);
  if (next === null) return null;
  return edge === "from"
    ? [Math.max(from, Math.min(next, end - width)), end]
    : [begin, Math.min(to, Math.max(next, begin + width))];
}

function moved(now: number, key: string, step: number, from: number, to: number): number | null {
  if (key === "ArrowLeft" || key === "ArrowDown" || key === "PageDown") return now - step;
  if (key === "ArrowRight" || key === "ArrowUp" || key === "PageUp") return now + step;
  if (key === "Home") return from;
  return key === "End" ? to : null;
}
