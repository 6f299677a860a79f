import type { Listing } from "./listing.ts";
import type { Histogram } from "./protocol.ts";
import { LEVEL_CLASSES } from "./rows.ts";

const S = 1_000;
const MINUTE = 60 * S;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

// Widths that people count in, in ms.
const WIDTHS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[S, 2 * S, 5 * S, 10 * S, 15 * S, 30 * S],
  ...[MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE],
  ...[HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY],
];

const NONE: Histogram = { start: 0, width: 1, counts: [] };

/** The records of a list by time and level, in at most so many buckets, which begin at round times. */
export function histogramOf(list: Listing, buckets: number): Histogram {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  list.eachRecord(({ time }) => {
    if (time < first) first = time;
    if (time > last) last = time;
  });
  if (first > last) return NONE;
  const { start, width, count } = scale(first, last, Math.max(1, Math.floor(buckets)));
  const levels = LEVEL_CLASSES.length;
  const counts = new Array<number>(count * levels).fill(0);
  list.eachRecord(({ time, level }) => {
    const place = Math.floor((time - start) / width) * levels + level;
    counts[place] = (counts[place] ?? 0) + 1;
  });
  return { start, width, counts };
}

/** The narrowest buckets of a round width that are not too many. */
function scale(first: number, last: number, most: number): { start: number; width: number; count: number } {
  let width = WIDTHS.find((each) => bucketsOf(first, last, each) <= most) ?? DAY * 7;
  while (bucketsOf(first, last, width) > most && most > 1) width *= 2;
  const start = most === 1 ? Math.floor(first) : Math.floor(first / width) * width;
  if (most === 1) width = Math.max(1, Math.floor(last - start) + 1);
  return { start, width, count: Math.floor((last - start) / width) + 1 };
}

function bucketsOf(first: number, last: number, width: number): number {
  return Math.floor(last / width) - Math.floor(first / width) + 1;
}
