import type { StreamHorizon } from "@tailrace/client";
import { isAmong } from "../engine/globs.ts";
import { engine } from "../state/page.ts";
import { question } from "../state/view.ts";

/**
 * The streams that are looked at, by name: those that were named, and those that globs find of all that there are.
 *
 * @param fits which of the latter are wanted.
 */
export async function streamsShown(fits: (horizon: StreamHorizon) => boolean = () => true): Promise<string[]> {
  const asked = question.peek()?.streams ?? [];
  const named = asked.filter((name) => !/[*?]/.test(name));
  if (named.length === asked.length) return named;
  const found = (await engine.call("streams")).filter((horizon) => isAmong(horizon.stream, asked) && fits(horizon));
  return [...new Set([...named, ...found.map(({ stream }) => stream)])];
}

/** Those of them of which something was drawn here. */
export function streamsDrawn(): string[] {
  const asked = question.peek()?.streams ?? [];
  return (engine.frame.peek()?.streams ?? []).filter((stream) => isAmong(stream, asked));
}
