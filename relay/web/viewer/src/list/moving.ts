import type { ListName, Step } from "../engine/protocol.ts";
import type { RecordRow, Row } from "../engine/rows.ts";
import { say } from "../export/notice.ts";
import { dialog } from "../state/dialog.ts";
import { engine } from "../state/page.ts";
import { active, current, goTo, lists } from "../state/reading.ts";
import type { Scroller } from "./scroller.ts";
import { shownScrollers } from "./scrollers.ts";
import { choose, chosenRange, extend } from "./selection.ts";

// Stands for the key of a row that is not here yet; the list fills it in.
const UNKNOWN = -1;

const STEPS: Record<Step, string> = {
  error: "error",
  warning: "warning",
  hit: "hit",
  mark: "marked record",
  trace: "record of this trace",
  gap: "gap",
};

/** The list that keys act upon, when it is on the page. */
export function activeList(): { list: ListName; scroller: Scroller } | null {
  const list = lists.peek().includes(active.peek()) ? active.peek() : (lists.peek()[0] ?? "all");
  const scroller = shownScrollers.get(list);
  return scroller ? { list, scroller } : null;
}

/** The row that keys start from, as far as it is here. */
export function currentRow(): Row | undefined {
  const { list, scroller } = activeList() ?? {};
  const place = current.peek();
  return place?.list === list ? scroller?.rows.find(({ key }) => key === place?.key) : undefined;
}

export function currentRecord(): RecordRow | undefined {
  const row = currentRow();
  return row?.type === "record" ? row : undefined;
}

/** So many rows on; from what is in sight, when no row is the current one. */
export function moveBy(rows: number): void {
  const { scroller } = activeList() ?? {};
  if (!scroller) return;
  const from = currentNumber();
  const { from: top, to: bottom } = scroller.viewport.range(0);
  goToNumber(from === null ? (rows > 0 ? top : bottom - 1) : from + rows);
}

/** The next row, or the one before, is chosen, too: all rows from the one that this began with. */
export function extendBy(rows: 1 | -1): void {
  const { list, scroller } = activeList() ?? {};
  if (!list || !scroller) return;
  const from = currentRow();
  if (!from) moveBy(rows);
  const began = from ?? currentRow();
  if (began && !chosenRange(list)) choose(list, began);
  const next = from && scroller.rows.find(({ number }) => number === from.number + rows);
  // None at an end of the list, or where the next one is not here yet.
  if (!next) return;
  extend(list, next);
  goTo({ list, key: next.key, number: next.number });
  focusList();
}

/** As many rows on as fit in sight, less one. */
export function movePage(pages: 1 | -1): void {
  moveBy(pages * Math.max(1, (activeList()?.scroller.fitting ?? 2) - 1));
}

/** The first row of what is loaded. */
export function moveToFirst(): void {
  goToNumber(Number.NEGATIVE_INFINITY);
}

/** Gives the focus to the list, unless somebody is elsewhere. */
export function focusList(): void {
  const list = activeList()?.list;
  const element = document.querySelector<HTMLElement>(`[data-list="${list}"] .log-scroller`);
  const isElsewhere = document.activeElement !== document.body && !document.activeElement?.closest(".log");
  if (!isElsewhere && !dialog.peek()) element?.focus({ preventScroll: true });
}

/** To the next or the previous row that is an error, a hit … and on from the other end when there is none. */
export async function stepTo(step: Step, forward: boolean, value?: string): Promise<void> {
  const { list, scroller } = activeList() ?? {};
  if (!list || !scroller) return;
  const { first, end } = scroller.viewport;
  const sight = scroller.viewport.range(0);
  const from = currentNumber() ?? (forward ? sight.from - 1 : sight.to);
  const found = await engine.step(list, from, forward, step, value);
  const other = found ?? (await engine.step(list, forward ? first - 1 : end, forward, step, value));
  if (!other) return say(`There is no ${STEPS[step]} in this list.`);
  if (!found)
    say(
      forward ? `No ${STEPS[step]} further down: on from the top.` : `No ${STEPS[step]} further up: on from the end.`,
    );
  goTo({ list, ...other });
  focusList();
}

function goToNumber(number: number): void {
  const { list, scroller } = activeList() ?? {};
  if (!list || !scroller?.viewport.count) return;
  const { first, end } = scroller.viewport;
  const within = Math.max(first, Math.min(number, end - 1));
  const key = scroller.rows.find((row) => row.number === within)?.key ?? UNKNOWN;
  goTo({ list, key, number: within });
  focusList();
}

function currentNumber(): number | null {
  const { list, scroller } = activeList() ?? {};
  const place = current.peek();
  if (!scroller || place?.list !== list || !place) return null;
  const { first, end } = scroller.viewport;
  return place.number >= first && place.number < end ? place.number : null;
}
