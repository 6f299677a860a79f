import { readView, type View, writeView } from "../state/address.ts";
import { preference } from "../state/preferences.ts";

/** A view with a name, kept in this browser. */
export interface SavedView {
  name: string;
  /** As in the page's address: `?…`. */
  address: string;
}

/** More than anybody tells apart in a list. */
export const MOST_VIEWS = 200;
const LONGEST_NAME = 80;
const LONGEST_ADDRESS = 16_384;

/** All of them, by name. */
export const savedViews = preference<SavedView[]>("views", []);

/** Views with this one among them, in place of one of the same name. */
export function withView(views: readonly SavedView[], name: string, view: View): SavedView[] {
  return merged(views, [{ name: tidy(name), address: writeView(view) }]);
}

export function withoutView(views: readonly SavedView[], name: string): SavedView[] {
  return views.filter((each) => each.name !== name);
}

export function renamedView(views: readonly SavedView[], from: string, to: string): SavedView[] {
  const found = views.find((each) => each.name === from);
  return found ? merged(withoutView(views, from), [{ ...found, name: tidy(to) }]) : [...views];
}

/** What is wrong with a name, and what would be right; "" when nothing is. */
export function nameProblem(views: readonly SavedView[], name: string): string {
  if (!tidy(name)) return "A view needs a name, such as errors of api.";
  const known = views.some((each) => each.name === tidy(name));
  return views.length >= MOST_VIEWS && !known ? `${MOST_VIEWS} views are the limit: remove one first.` : "";
}

export function exported(views: readonly SavedView[]): string {
  return `${JSON.stringify({ "tailrace-views": 1, views }, null, 2)}\n`;
}

/**
 * Views with those of a file among them; one that has the name of another takes its place.
 *
 * @throws {Error} says what is wrong with the file, and what would be right.
 */
export function imported(views: readonly SavedView[], text: string): { views: SavedView[]; added: number } {
  const added = viewsIn(parsed(text));
  const all = merged(views, added);
  if (all.length > MOST_VIEWS)
    throw new Error(`With these there would be more than ${MOST_VIEWS} views: remove some first.`);
  return { views: all, added: added.length };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error("This file is no JSON; right would be one that “Export” made.", { cause: error });
  }
}

function viewsIn(data: unknown): SavedView[] {
  const { views: list } = isObject(data) ? data : {};
  if (!Array.isArray(list)) throw new Error("This file has no list of views; right would be one that “Export” made.");
  return list.map((item: unknown, place) => {
    const { name, address } = isObject(item) ? item : {};
    if (typeof name !== "string" || !tidy(name) || typeof address !== "string" || address.length > LONGEST_ADDRESS)
      throw new Error(`View ${place + 1} of this file is not one with a name and an address: nothing was imported.`);
    // Only what a view can say, so that nothing else of a file gets into an address.
    return { name: tidy(name), address: writeView(readView(address)) };
  });
}

function isObject(data: unknown): data is Record<string, unknown> {
  return typeof data === "object" && data !== null && !Array.isArray(data);
}

function merged(views: readonly SavedView[], others: readonly SavedView[]): SavedView[] {
  const all = new Map([...views, ...others].map((each) => [each.name, each]));
  return [...all.values()].sort((one, other) => one.name.localeCompare(other.name));
}

function tidy(name: string): string {
  return name.replace(/\s+/gu, " ").trim().slice(0, LONGEST_NAME);
}
