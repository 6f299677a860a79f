import type { ListName } from "../engine/protocol.ts";
import type { Row } from "../engine/rows.ts";
import { engine } from "../state/page.ts";
import { type Mark, markOf, whereIs } from "./mark.ts";
import type { Range } from "./viewport.ts";

// How often a list that is being filtered is asked for a record that may still come, and ms between.
const TRIES = 40;
const PAUSE = 50;

/** Finds the record that the reader was at in a list whose rows have other numbers. */
export class Finder {
  readonly #list: ListName;
  readonly #found: (number: number | null) => void;
  #mark: Mark | null = null;
  #seeking: ReturnType<typeof setTimeout> | true | null = null;

  /** @param found is told the row, or null where there is nothing at or behind its time. */
  constructor(list: ListName, found: (number: number | null) => void) {
    this.#list = list;
    this.#found = found;
  }

  get seeking(): boolean {
    return this.#seeking !== null;
  }

  /** The reader is at this row now. */
  remember(row: Row): void {
    this.#mark = markOf(row);
  }

  /** Whatever was sought is not wanted any more. */
  forget(): void {
    if (typeof this.#seeking === "object" && this.#seeking !== null) clearTimeout(this.#seeking);
    this.#seeking = null;
    this.#mark = null;
  }

  /**
   * By how many rows records that came late have moved the reader's among new rows, some of a `list`. When it is nowhere
   * although its row is here, or is beyond the ends, a search begins, and this is "lost".
   */
  among(rows: readonly Row[], list: Range): number | "lost" {
    const mark = this.#mark;
    if (!mark) return 0;
    const place = whereIs(mark, rows, list);
    if (place === "unknown") return 0;
    if (place !== "lost") return place - mark.number;
    this.#mark = null;
    this.#seek(mark, TRIES);
    return "lost";
  }

  async #seek(mark: Mark, tries: number): Promise<void> {
    this.#seeking = true;
    const found = await locate(this.#list, mark).catch(() => "away" as const);
    if (this.#seeking !== true || found === "away") return; // the engine says by itself what is wrong with it
    if (!found?.exact && !found?.inside && tries > 0) {
      this.#seeking = setTimeout(() => this.#seek(mark, tries - 1), PAUSE);
      return;
    }
    this.#seeking = null;
    this.#found(found?.number ?? null);
  }
}

/**
 * The row of the record itself, or the first one that is not earlier. `inside`: there are earlier ones, so it is certain; a
 * list that is being filtered grows from its end, and what is not there yet may come.
 */
async function locate(list: ListName, mark: Mark): Promise<{ number: number; exact: boolean; inside: boolean } | null> {
  const byKey = await engine.locate(list, { key: mark.key });
  const same = byKey ?? (mark.id ? await engine.locate(list, { id: mark.id }) : null);
  if (same) return { number: same.number, exact: true, inside: true };
  const near = mark.time === null ? null : await engine.locate(list, { time: mark.time });
  const first = engine.frame.peek()?.lists[list].first ?? 0;
  return near && { number: near.number, exact: false, inside: near.number > first };
}
