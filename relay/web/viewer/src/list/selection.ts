import { effect, signal } from "@preact/signals";
import type { ListName } from "../engine/protocol.ts";
import type { Row } from "../engine/rows.ts";
import { selected, setFollowing } from "../state/reading.ts";

type End = Pick<Row, "key" | "number">;

interface Selection {
  list: ListName;
  from: End;
  to: End;
}

/** The chosen rows with their numbers: keys say which records, numbers what lies between. */
const chosen = signal<Selection | null>(null);

effect(() => {
  if (selected.value === null) chosen.value = null;
});

/** From the first chosen row to behind the last; null when none is. */
export function chosenRange(list: ListName): { from: number; to: number } | null {
  const range = chosen.value;
  if (range?.list !== list) return null;
  const [one, other] = [range.from.number, range.to.number];
  return { from: Math.min(one, other), to: Math.max(one, other) + 1 };
}

/** Chooses one row; none, when it alone was chosen. */
export function choose(list: ListName, row: End): void {
  const range = chosen.peek();
  const alone = range?.list === list && range.from.key === row.key && range.to.key === row.key;
  set(alone ? null : { list, from: row, to: row });
}

/** Chooses all rows from the one that was chosen first to this one. */
export function extend(list: ListName, row: End): void {
  const range = chosen.peek();
  set(range?.list === list ? { ...range, to: row } : { list, from: row, to: row });
}

/** As `choose` the first row, and as `extend` another one: fingers have no Shift. */
export function chooseOrExtend(list: ListName, row: End): void {
  const range = chosen.peek();
  if (range?.list === list && range.from.key !== row.key) extend(list, row);
  else choose(list, row);
}

export function chooseNone(): void {
  set(null);
}

/** Ends that are among these rows get the numbers that they have now. */
export function renumberChosen(list: ListName, rows: readonly Row[]): void {
  const range = chosen.peek();
  if (range?.list !== list) return;
  const now = (end: End) => rows.find(({ key }) => key === end.key)?.number ?? end.number;
  const [from, to] = [now(range.from), now(range.to)];
  if (from === range.from.number && to === range.to.number) return;
  chosen.value = { list, from: { ...range.from, number: from }, to: { ...range.to, number: to } };
}

function set(range: Selection | null): void {
  chosen.value = range;
  if (range) setFollowing(range.list, false);
  const [first, last] = range ? [range.from, range.to].sort((a, b) => a.number - b.number) : [];
  selected.value = range && first && last ? { list: range.list, from: first.key, to: last.key } : null;
}
