import { permalink } from "./links.ts";
import { type Bookmark, MOST, nameOf, readBookmark } from "./notebook.ts";

/** What came of an import. */
export interface Merge {
  bookmarks: Bookmark[];
  added: number;
  /** There already; a note came with them where there was none. */
  known: number;
  /** No bookmarks at all, or no room for them. */
  refused: number;
}

/** Adds what a file holds to what there is, which stays as it is but for empty notes. */
export function merge(own: readonly Bookmark[], file: unknown): Merge {
  const values = Array.isArray(file) ? file : [];
  const kept = new Map(own.map((bookmark) => [nameOf(bookmark), bookmark]));
  const result = { added: 0, known: 0, refused: 0 };
  for (const value of values) {
    const bookmark = readBookmark(value);
    const before = bookmark && kept.get(nameOf(bookmark));
    if (!bookmark || (!before && kept.size >= MOST)) result.refused += 1;
    else if (before) {
      result.known += 1;
      if (!before.note) kept.set(nameOf(bookmark), { ...before, note: bookmark.note });
    } else {
      result.added += 1;
      kept.set(nameOf(bookmark), bookmark);
    }
  }
  return { bookmarks: [...kept.values()], ...result };
}

/** In the order in which Redis took the records. */
export function sorted(bookmarks: readonly Bookmark[]): Bookmark[] {
  const place = ({ id }: Bookmark) => id.split("-").map(Number);
  return [...bookmarks].sort((one, other) => {
    const [[ms = 0, n = 0], [otherMs = 0, otherN = 0]] = [place(one), place(other)];
    return ms - otherMs || n - otherN || (one.stream < other.stream ? -1 : 1);
  });
}

export function jsonOf(bookmarks: readonly Bookmark[], gateway: string): string {
  const items = sorted(bookmarks).map((bookmark) => ({ ...bookmark, link: permalink(gateway, nameOf(bookmark)) }));
  return `${JSON.stringify(items, null, 2)}\n`;
}

/** For an issue or a chat: a list of links, each with its line and its note. */
export function markdownOf(bookmarks: readonly Bookmark[], gateway: string): string {
  const items = sorted(bookmarks).map((bookmark) => {
    const { time, level, text, note } = bookmark;
    const link = `[${nameOf(bookmark)}](${permalink(gateway, nameOf(bookmark))})`;
    const line = [time, level && code(level), link, text && code(text)].filter(Boolean).join(" ");
    return [
      `- ${line}`,
      ...note
        .split("\n")
        .filter(Boolean)
        .map((each) => `  > ${each}`),
    ].join("\n");
  });
  return `# Bookmarks\n\n${items.join("\n")}\n`;
}

/** A span of code, whatever backticks are in it: no log line becomes a heading, a link or an image. */
function code(text: string): string {
  const flat = text.replace(/\s+/g, " ");
  const longest = Math.max(0, ...(flat.match(/`+/g) ?? []).map(({ length }) => length));
  const fence = "`".repeat(longest + 1);
  const space = /^`|`$/.test(flat) ? " " : "";
  return `${fence}${space}${flat}${space}${fence}`;
}
