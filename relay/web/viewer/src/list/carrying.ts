import type { ListName } from "../engine/protocol.ts";
import type { RecordRow, Row } from "../engine/rows.ts";
import { current, expanded } from "../state/reading.ts";
import { renumberChosen } from "./selection.ts";

/** Open records whose names are remembered. */
const MOST = 500;

/** The keys of open records by `<stream>/<id>`, and the record of the current row. */
const open = new Map<string, number>();
let at: { key: number; name: string } | null = null;

/**
 * Has open records stay open, and the current one stay so, in a list that began anew, where the same records have other keys.
 * The current row gets to know its key where only its number is known, and its number where records came late before it.
 */
export function carry(list: ListName, rows: readonly Row[]): void {
  const records = rows.filter((row) => row.type === "record");
  renumberChosen(list, rows);
  if (expanded.peek().size) carryOpen(records);
  else open.clear();
  const place = current.peek();
  if (place?.list !== list) return;
  const row = rows.find(({ key, number }) => (place.key < 0 ? number === place.number : key === place.key));
  const again = row ?? records.find((each) => at?.key === place.key && at.name === nameOf(each));
  if (!again) return;
  at = again.type === "record" ? { key: again.key, name: nameOf(again) } : null;
  if (again.key !== place.key || again.number !== place.number) {
    current.value = { list, key: again.key, number: again.number };
  }
}

function carryOpen(records: readonly RecordRow[]): void {
  const keys = new Set(expanded.peek());
  for (const row of records) {
    const name = nameOf(row);
    const before = open.get(name);
    if (!keys.has(row.key) && (before === undefined || !keys.delete(before))) continue;
    keys.add(row.key);
    open.set(name, row.key);
  }
  if (open.size > MOST) open.clear();
  if ([...keys].some((key) => !expanded.peek().has(key))) expanded.value = keys;
}

function nameOf({ stream, id }: RecordRow): string {
  return `${stream}/${id}`;
}
