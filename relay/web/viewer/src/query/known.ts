import { effect, signal } from "@preact/signals";
import { engine } from "../state/page.ts";
import { question } from "../state/view.ts";

// Of one key, and keys: beyond these nobody looks through a list.
const MOST_VALUES = 200;
const MOST_KEYS = 400;

/** Values that the records of these streams have had, by key; also keys without any, whose values are not worth offering. */
export const known = signal<Record<string, string[]>>({});

let streams = "";

// A narrower query shows fewer records, and yet all that was seen may be asked for.
effect(() => {
  const news = engine.frame.value?.known;
  const now = question.value?.streams.join() ?? "";
  const before = now === streams ? known.peek() : {};
  if (now !== streams || news) known.value = joined(before, news ?? {});
  streams = now;
});

/** All values of both, each once. */
export function joined(before: Record<string, string[]>, news: Record<string, string[]>): Record<string, string[]> {
  const all = new Map(Object.entries(before));
  for (const [key, values] of Object.entries(news)) {
    const old = all.get(key);
    if (!old && all.size >= MOST_KEYS) continue;
    all.set(key, [...new Set([...(old ?? []), ...values])].slice(0, MOST_VALUES).sort());
  }
  return Object.fromEntries(all);
}
