import type { Gap, LogRecord, Page } from "@tailrace/client";
import { msOf } from "./entry.ts";
import type { Places } from "./places.ts";

// Going back, a gateway looks at the IDs of a cursor of several streams alone; but its form wants a numbering.
const ANY = "x~0";

// Behind all that a stream has: gateways take it for the end.
export const END = `${Number.MAX_SAFE_INTEGER}-${Number.MAX_SAFE_INTEGER}`;
// Nothing stands before the first record.
export const BEGINNING = "0-1";

// Streams that a gateway merges on a page (docs/PROTOCOL.md, B6), and characters of their names.
const STREAMS = 32;
const NAMES = 2000;

// Requests on their way at once: browsers have six connections to a gateway, and somebody may ask something else meanwhile.
const AT_ONCE = 4;

/** Names in their order, in groups that a gateway merges on a page. */
export function grouped(names: Iterable<string>): string[][] {
  const groups: string[][] = [];
  let room = 0;
  for (const name of [...new Set(names)].sort()) {
    const last = groups.at(-1);
    if (last && last.length < STREAMS && name.length <= room) last.push(name);
    else {
      groups.push([name]);
      room = NAMES;
    }
    room -= name.length;
  }
  return groups;
}

/** What is found for each, in their order: a few at a time. */
export async function forEach<T, R>(items: readonly T[], find: (item: T, place: number) => Promise<R>): Promise<R[]> {
  const found: R[] = [];
  for (let place = 0; place < items.length; place += AT_ONCE) {
    const some = items.slice(place, place + AT_ONCE).map((item, index) => find(item, place + index));
    found.push(...(await Promise.all(some)));
  }
  return found;
}

/** What is taken of a group's page. */
export interface Part {
  records: LogRecord[];
  gaps: Gap[];
  /** All of the page. */
  whole: boolean;
}

/**
 * What pages of groups give together: of each as much as stands on this side of where the first of them ends, since what another
 * has behind its end may come before that.
 *
 * @param sign 1 where the oldest come first, -1 where the newest do.
 */
export function joined(pages: readonly Page[], sign: 1 | -1): Part[] {
  const ends = pages.flatMap(({ next, records }, group) =>
    next === null ? [] : [{ ms: msAt(records.at(-1), sign), group }],
  );
  const edge = ends.sort((a, b) => sign * (a.ms - b.ms || a.group - b.group))[0];
  return pages.map((page, group) => {
    if (!edge || edge.group === group) return { ...page, whole: true };
    const fits = (id: string) => sign * (msOf(id) - edge.ms || group - edge.group) <= 0;
    const records = page.records.filter(({ id }) => fits(id));
    const whole = records.length === page.records.length;
    const gaps = page.gaps.filter(({ before, after }) => whole || fits(before ?? after ?? "0-0"));
    return { records, gaps, whole };
  });
}

/** Where a page without records ends, nobody knows: before everything. */
function msAt(record: LogRecord | undefined, sign: 1 | -1): number {
  return record ? msOf(record.id) : sign * Number.NEGATIVE_INFINITY;
}

/** The cursor (docs/PROTOCOL.md, B2) that a page of older records goes back from. */
export function cursorBefore(places: Places, single: boolean): string {
  if (single) return [...places.values()][0] ?? END;
  return ["0", ...[...places].map(([stream, id]) => `${stream}~${id}~${ANY}`)].join("~");
}

/** What a cursor of several streams says of some of them. */
export function cursorOf(cursor: string, names: readonly string[]): string {
  const [asOf = "0", ...words] = cursor.split("~");
  const groups: string[][] = [];
  for (let place = 0; place + 3 < words.length; place += 4)
    if (names.includes(words[place] ?? "")) groups.push(words.slice(place, place + 4));
  if (names.length > 1) return [asOf, ...groups.flat()].join("~");
  return groups[0]?.slice(1).join("~") ?? `${asOf}-0`;
}
