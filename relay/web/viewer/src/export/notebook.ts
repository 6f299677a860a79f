/** A record that somebody marked, with what they wrote to it. */
export interface Bookmark {
  stream: string;
  id: string;
  /** RFC 3339; "" where the record was never seen here. */
  time: string;
  level: string;
  /** The beginning of the message's first line. */
  text: string;
  note: string;
}

/** What a browser keeps at most: with the longest texts and notes about half of what it has room for. */
export const MOST = 1_000;
export const LONGEST_TEXT = 200;
export const LONGEST_NOTE = 1_000;

/** As the engine and addresses name a record. */
export function nameOf({ stream, id }: Pick<Bookmark, "stream" | "id">): string {
  return `${stream}/${id}`;
}

/** Those of some values that are bookmarks, cut to what is kept; each record once. */
export function readBookmarks(values: unknown): Bookmark[] {
  const found = new Map<string, Bookmark>();
  for (const value of Array.isArray(values) ? values : []) {
    const bookmark = readBookmark(value);
    if (bookmark && found.size < MOST) found.set(nameOf(bookmark), bookmark);
  }
  return [...found.values()];
}

/** A bookmark, cut to what is kept; null for anything else. */
export function readBookmark(value: unknown): Bookmark | null {
  if (typeof value !== "object" || value === null) return null;
  const { stream, id, time, level, text, note } = value as Record<string, unknown>;
  if (typeof stream !== "string" || !/^[A-Za-z0-9._:-]{1,128}$/.test(stream)) return null;
  if (typeof id !== "string" || !/^\d{1,16}-\d{1,16}$/.test(id)) return null;
  return {
    stream,
    id,
    time: typeof time === "string" && !Number.isNaN(Date.parse(time)) ? time : "",
    level: textOf(level, 64),
    text: textOf(text, LONGEST_TEXT),
    note: textOf(note, LONGEST_NOTE),
  };
}

function textOf(value: unknown, most: number): string {
  return typeof value === "string" ? value.slice(0, most) : "";
}
