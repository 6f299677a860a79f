/** Where a cursor says that the reader of a stream stands: at its record number `n`. */
export interface Place {
  n: number;
  /** Empty where the cursor does not say it. */
  epoch: string;
}

const ID = /^\d{1,16}-(\d{1,16})$/;
const PLACE = /~([^~]+)~\d{1,16}-(\d{1,16})(?:~([^~]+)~\d+)?/g;

/** The record's number in its stream: `n` of `<ms>-<n>`; null for what is no stream ID. */
export function numberOf(id: unknown): number | null {
  const found = typeof id === "string" && ID.exec(id);
  return found ? Number(found[1]) : null;
}

/**
 * The places that a cursor names: docs/PROTOCOL.md, B2.
 *
 * @param single whose place a cursor of one stream is.
 */
export function placesIn(cursor: string, single: string): Map<string, Place> {
  // One of several streams begins with a time, one of a single stream with an ID.
  const text = /^\d+-/.test(cursor) ? `~${single}~${cursor}` : cursor;
  const places = [...text.matchAll(PLACE)];
  return new Map(places.map(([, stream = "", n, epoch = ""]) => [stream, { n: Number(n), epoch }]));
}

/** Whether two objects of the same members are alike. */
export function alike<T extends object>(one: T, other: T): boolean {
  return (Object.keys(one) as (keyof T)[]).every((name) => one[name] === other[name]);
}
