import { type Signal, signal } from "@preact/signals";

const PREFIX = "tailrace.";

export type Theme = "auto" | "light" | "dark";
export type Clock = "local" | "utc" | "relative";

/** How somebody likes to read, kept in this browser: what is looked at stands in the address instead. */
export const theme = preference<Theme>("theme", "auto");
export const clock = preference<Clock>("clock", "local");
export const wrap = preference("wrap", false);
export const ansi = preference("ansi", true);
/** Which part of the width the left of two panels has. */
export const share = preference("share", 0.6);
/** Names of what a line leaves out: `source`, `stream`, `logger`, `fields`, `time`, or a field's name. */
export const hidden = preference<string[]>("hidden", []);
export const histogramShown = preference("histogram", true);

/** A signal whose value outlives the page where the browser keeps anything, and is the same in all tabs. */
export function preference<T>(name: string, fallback: T): Signal<T> {
  const kept = signal(read(name, fallback));
  kept.subscribe((value) => write(name, value));
  addEventListener("storage", ({ key }) => {
    if (key === PREFIX + name) kept.value = read(name, fallback);
  });
  return kept;
}

function read<T>(name: string, fallback: T): T {
  try {
    const value = JSON.parse(localStorage.getItem(PREFIX + name) ?? "");
    return Array.isArray(value) === Array.isArray(fallback) ? value : fallback;
  } catch {
    // Storage that is empty, forbidden, or holds what an older page wrote.
    return fallback;
  }
}

function write(name: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Full or forbidden: the page works without.
  }
}
