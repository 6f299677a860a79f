import { engine } from "../state/page.ts";
import { question } from "../state/view.ts";

/** The streams that are looked at, by name: those that were named, and those that globs have brought so far. */
export function streamsShown(): string[] {
  const asked = question.value?.streams ?? [];
  const named = asked.filter((name) => !/[*?]/.test(name));
  if (named.length === asked.length) return named;
  return [...new Set([...named, ...(engine.frame.value?.streams ?? [])])];
}
