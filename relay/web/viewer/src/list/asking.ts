import type { ListFrame, Look } from "../engine/protocol.ts";
import type { Row } from "../engine/rows.ts";
import type { Range } from "./viewport.ts";

/** Rows drawn on each side of those in sight. */
export const OVERSCAN = 6;

/**
 * Which rows to ask the engine for: as many again on each side as are in sight, and anew only when a third of that is used
 * up, so that scrolling finds rows that are already here.
 */
export class Asking {
  #last: Look | null = null;

  /** What to say to the engine; null when it knows. */
  next(pinned: boolean, sight: Range, list: Range, fitting: number): Look | null {
    const next: Look = pinned ? { follow: true, count: fitting + OVERSCAN } : around(sight, fitting);
    if (this.#last && (pinned ? same(this.#last, next) : serves(this.#last, sight, list, fitting))) return null;
    this.#last = next;
    return next;
  }

  /** Rows have other numbers: whatever was asked for is nothing any more. */
  forget(): void {
    this.#last = null;
  }
}

function around({ from, to }: Range, fitting: number): Look {
  return { follow: false, first: from - fitting, count: to - from + 2 * fitting };
}

function same(one: Look, other: Look): boolean {
  return one.follow && other.follow && one.count === other.count;
}

function serves(look: Look, sight: Range, list: Range, fitting: number): boolean {
  if (look.follow) return false;
  const margin = Math.ceil((2 * fitting) / 3);
  const from = Math.max(list.from, sight.from - fitting + margin);
  const to = Math.min(list.to, sight.to + fitting - margin);
  return look.first <= from && look.first + look.count >= to;
}

/** Whether rows from before are kept: they are what is in sight, and the engine does not know yet that these are wanted. */
export function stillServes(rows: readonly Row[], next: ListFrame, sight: Range): boolean {
  const [begin, end] = [rows[0], rows.at(-1)];
  if (!begin || !end || begin.number < next.first || end.number >= next.first + next.count) return false;
  return covers(rows, sight) && !covers(next.rows, sight);
}

function covers(rows: readonly Row[], { from, to }: Range): boolean {
  return [from, to - 1].every((edge) => rows.some(({ number }) => number === edge));
}
