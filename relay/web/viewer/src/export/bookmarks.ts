import { computed, effect, signal } from "@preact/signals";
import type { ListName } from "../engine/protocol.ts";
import type { RecordRow } from "../engine/rows.ts";
import { engine } from "../state/page.ts";
import { active, current, goTo } from "../state/reading.ts";
import { type Bookmark, LONGEST_TEXT, MOST, nameOf, readBookmarks } from "./notebook.ts";
import { complain, say } from "./notice.ts";

const KEY = "tailrace.bookmarks";

/** What this browser keeps, in every tab the same. */
export const bookmarks = signal<readonly Bookmark[]>(read());

/** Marks a record, or takes its mark away; one with a note stays. */
export function toggleBookmark(stream: string, id: string): void {
  const name = nameOf({ stream, id });
  const marked = bookmarks.peek().find((each) => nameOf(each) === name);
  if (marked?.note) say("This bookmark has a note: it is removed in the list of bookmarks.");
  else if (marked) removeBookmark(name);
  else if (bookmarks.peek().length < MOST) keep([...bookmarks.peek(), { stream, id, note: "", ...seen(name) }]);
  else complain(`There are ${MOST} bookmarks, and no room for more. Remove some, or export them first.`);
}

export function removeBookmark(name: string): void {
  keep(bookmarks.peek().filter((each) => nameOf(each) !== name));
}

/** Writes something to a bookmark. */
export function writeNote(name: string, note: string): void {
  keep(bookmarks.peek().map((each) => (nameOf(each) === name ? { ...each, note } : each)));
}

/** Puts others in place of all. */
export function keep(next: readonly Bookmark[]): void {
  bookmarks.value = next;
  try {
    localStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    complain(
      "This browser keeps nothing for this page, or has no room: bookmarks last until it is closed. Export them.",
    );
  }
}

/** To the next marked row, or the one before. */
export async function stepBookmark(forward: boolean): Promise<void> {
  const list = current.peek()?.list ?? active.peek();
  const frame = engine.frame.peek()?.lists[list];
  const from =
    current.peek()?.number ?? (forward ? (frame?.first ?? 0) - 1 : (frame?.first ?? 0) + (frame?.count ?? 0));
  const place = await engine.step(list, from, forward, "mark");
  if (place) goTo({ list, ...place });
  else say(forward ? "No bookmark further on." : "No bookmark further back.");
}

/** Shows the marks in the lists, and takes over what other tabs change; for ever. */
export function followBookmarks(): () => void {
  // A note that is being written changes no mark.
  const names = computed(() => bookmarks.value.map(nameOf).join());
  const unfollow = effect(() => engine.marks(names.value.split(",").filter(Boolean)));
  const hear = (event: StorageEvent) => {
    if (event.key === KEY || event.key === null) bookmarks.value = read();
  };
  addEventListener("storage", hear);
  return () => {
    unfollow();
    removeEventListener("storage", hear);
  };
}

function read(): Bookmark[] {
  try {
    return readBookmarks(JSON.parse(localStorage.getItem(KEY) ?? "[]"));
  } catch {
    // Storage that is forbidden, or holds what is no JSON, is as good as empty.
    return [];
  }
}

/** What the row of a record shows; nothing where it is not on the page. */
function seen(name: string): Pick<Bookmark, "time" | "level" | "text"> {
  const row = rowOf(name);
  if (!row) return { time: "", level: "", text: "" };
  return { time: new Date(row.time).toISOString(), level: row.level, text: row.text.slice(0, LONGEST_TEXT) };
}

function rowOf(name: string): RecordRow | undefined {
  const lists = engine.frame.peek()?.lists;
  const names: ListName[] = ["all", "system", "audit"];
  return names
    .flatMap((list) => lists?.[list].rows ?? [])
    .filter((row) => row.type === "record")
    .find((row) => nameOf(row) === name);
}
