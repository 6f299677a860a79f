import type { Histogram } from "../engine/protocol.ts";
import { LEVEL_CLASSES, type LevelClass } from "../engine/rows.ts";
import { number } from "../status/numbers.ts";
import { clockText, DAY, dayText, HOUR, MINUTE, partsOf, SECOND, spanText, type Zone } from "./calendar.ts";

/** A bucket: its counts by level class, and their sum. */
export interface Bucket {
  from: number;
  to: number;
  counts: readonly number[];
  total: number;
}

export function bucketsOf({ start, width, counts }: Histogram): Bucket[] {
  const size = LEVEL_CLASSES.length;
  return Array.from({ length: Math.floor(counts.length / size) }, (_, place) => {
    const own = counts.slice(place * size, (place + 1) * size);
    const from = start + place * width;
    return { from, to: from + width, counts: own, total: own.reduce((sum, count) => sum + count, 0) };
  });
}

/** What is drawn of a bucket, from the bottom up. */
export interface Part {
  level: LevelClass;
  bottom: number;
  height: number;
}

/** The worst at the bottom, where bars compare best, and at least a pixel of each level from WARNING up that occurs: one
 * error among thousands of lines shall be seen. */
export function partsOfBar({ counts, total }: Bucket, most: number, height: number): Part[] {
  const parts: Part[] = [];
  const whole = total ? Math.max(1, Math.round((total / most) * height)) : 0;
  let bottom = 0;
  for (let place = LEVEL_CLASSES.length - 1; place >= 0; place--) {
    const count = counts[place] ?? 0;
    const level = LEVEL_CLASSES[place];
    if (!count || !level) continue;
    const share = Math.round((count / total) * whole);
    const tall = Math.min(Math.max(share, place >= 3 || bottom === 0 ? 1 : 0), height - bottom);
    if (tall > 0) parts.push({ level, bottom, height: tall });
    bottom += tall;
  }
  return parts;
}

const STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
  ...[1, 2, 7, 14, 28, 91, 364].map((count) => count * DAY),
];

/** Round times between two, at most `room` of them, each with what is written below it. */
export function ticks(
  from: number,
  to: number,
  room: number,
  zone: Zone,
  now: number,
): { time: number; text: string }[] {
  if (to <= from) return [];
  const step = STEPS.find((each) => (to - from) / each <= room) ?? to - from;
  // Round by the wall clock: midnight here is no multiple of a day in UTC.
  const { hour, minute } = partsOf(from, zone);
  const utc = partsOf(from, "utc");
  const shift = (((hour - utc.hour) * 60 + minute - utc.minute + 1_440) % 1_440) * MINUTE;
  const first = Math.ceil((from + shift) / step) * step - shift;
  const count = Math.max(0, Math.floor((to - first) / step) + 1);
  return Array.from({ length: count }, (_, place) => {
    const time = first + place * step;
    return { time, text: tickText(time, step, zone, now) };
  });
}

function tickText(time: number, step: number, zone: Zone, now: number): string {
  if (step >= DAY) return dayText(time, zone, now);
  return step >= MINUTE ? clockText(time, zone).slice(0, 5) : clockText(time, zone, step);
}

/** `1 204 records · 3 errors · 1 warning`: the whole, and of it what is worse than INFO. */
export function countsText(counts: readonly number[]): string {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const worse = NAMES.map(([place, name]) => [counts[place] ?? 0, name] as const).filter(([count]) => count > 0);
  return [[total, "record"] as const, ...worse].map(([count, name]) => counted(count, name)).join(" · ");
}

const NAMES = [
  [5, "critical"],
  [4, "error"],
  [3, "warning"],
] as const;

function counted(count: number, name: string): string {
  return `${number(count).replace(/,/g, "\u202f")} ${name}${count === 1 || name === "critical" ? "" : "s"}`;
}

/** All that the picture shows, in a sentence for who does not see it. */
export function sentence(buckets: readonly Bucket[], zone: Zone, now: number): string {
  const [first, last] = [buckets[0], buckets.at(-1)];
  if (!first || !last) return "No records yet.";
  const counts = LEVEL_CLASSES.map((_, place) => buckets.reduce((sum, bucket) => sum + (bucket.counts[place] ?? 0), 0));
  const top = buckets.reduce((most, bucket) => (bucket.total > most.total ? bucket : most), first);
  const span = spanText(first.from, last.to, zone, now);
  return `${span}: ${countsText(counts)}. Most, ${top.total}, from ${spanText(top.from, top.to, zone, now)}.`;
}
