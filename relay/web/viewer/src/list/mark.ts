import type { Row } from "../engine/rows.ts";
import type { Range } from "./viewport.ts";

/** Which record the reader is at. */
export interface Mark {
  key: number;
  number: number;
  /** `<stream>/<id>`; "" for what is no record. */
  id: string;
  /** When it was logged; null for what is no record. */
  time: number | null;
}

export function markOf(row: Row): Mark {
  const { key, number } = row;
  if (row.type !== "record") return { key, number, id: "", time: null };
  return { key, number, id: `${row.stream}/${row.id}`, time: row.time };
}

/**
 * The number of a mark's row, if its record is among these rows of a `list`. "lost": another record stands there, or the list
 * does not go so far.
 */
export function whereIs(mark: Mark, rows: readonly Row[], list: Range): number | "lost" | "unknown" {
  const same = rows.find((row) => row.key === mark.key);
  if (same) return same.number;
  const isBeyond = mark.number < list.from || mark.number >= list.to;
  return isBeyond || rows.some((row) => row.number === mark.number) ? "lost" : "unknown";
}
