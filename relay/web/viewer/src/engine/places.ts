import { msOf } from "./entry.ts";

export { isAmong } from "./globs.ts";

// ms before what was read last from which a stream that was not followed yet is: what it has logged since it began.
const BEGUN = 60_000;

/** Where a question stands. */
interface Stood {
  question: { streams: readonly string[] };
  cursor: string | null;
}

/** Of streams the IDs of records: where something stands in each. */
export type Places = ReadonlyMap<string, string>;

/** Whether streams are one stream, by its name. */
export function isSingle(streams: readonly string[]): boolean {
  return streams.length === 1 && !isGlob(streams[0] ?? "");
}

export function isGlob(name: string): boolean {
  return /[*?]/.test(name);
}

/**
 * The cursor that reading goes on from behind the last records that are held. What it cannot know exactly it takes from too
 * early on: who uses it leaves out what they have.
 *
 * @param numberings a cursor that names the numbering of streams.
 * @param at ms at which the last of all was taken.
 */
export function cursorAfter(ends: Places, numberings: string | null, at: number, single: boolean): string {
  if (single) return [...ends.values()][0] ?? `${at}-0`;
  const words = (numberings ?? "").split("~");
  const groups: string[] = [];
  for (let place = 1; place + 3 < words.length; place += 4) {
    const [stream = "", , epoch, generation] = words.slice(place, place + 4);
    const end = ends.get(stream);
    if (end) groups.push(`${stream}~${end}~${epoch}~${generation}`);
  }
  return [Math.max(0, at - 1), ...groups].join("~");
}

/**
 * The cursor from which streams are followed where another question stood that had some of them; null where it does not say
 * which numbering it is of.
 */
export function cursorFor(streams: readonly string[], { question, cursor }: Stood): string | null {
  if (!cursor || !isSingle(question.streams) || streams.length === 1) return cursor;
  const [id = "", ...numbering] = cursor.split("~");
  const asOf = Math.max(0, msOf(id) - BEGUN);
  return numbering.length === 2 ? [asOf, question.streams[0], id, ...numbering].join("~") : null;
}

/** The places that a gateway's cursor names. */
export function placesOf(cursor: string, single: string): Map<string, string> {
  const words = cursor.split("~");
  const places = new Map<string, string>();
  if (words[0]?.includes("-")) places.set(single, words[0]);
  else for (let place = 1; place + 1 < words.length; place += 4) places.set(words[place] ?? "", words[place + 1] ?? "");
  return places;
}
