import type { Gap } from "@tailrace/client";

/**
 * What a level looks like: a custom level takes the next lower one's colour, by its number.
 * trace below 10, debug from 10, info from 20, warning from 30, error from 40, critical from 50.
 */
export type LevelClass = "trace" | "debug" | "info" | "warning" | "error" | "critical";

export const LEVEL_CLASSES: readonly LevelClass[] = ["trace", "debug", "info", "warning", "error", "critical"];

export function levelClassOf(number: number): LevelClass {
  return LEVEL_CLASSES[Math.max(0, Math.min(5, Math.floor(number / 10)))] ?? "trace";
}

/**
 * A line of the list, ready to be drawn. `key` stays with it for as long as it is held and is never given again;
 * `number` is its row in the list: rows before the first one ever loaded have negative ones, so that neither what comes
 * nor what is loaded in front changes it.
 */
export type Row = RecordRow | GapRow | HorizonRow;

export interface RecordRow {
  type: "record";
  key: number;
  number: number;
  id: string;
  stream: string;
  /** Which of the streams, in the order in which they were first seen: its colour. */
  hue: number;
  /** When it was logged, in ms since 1970 with µs as fraction. */
  time: number;
  level: string;
  levelClass: LevelClass;
  source: string;
  kind: string;
  service: string;
  logger: string;
  /** The first line of the message, at most `CLIPPED` characters of it. */
  text: string;
  /** All of the message as far as it is clipped; for wrapped rows. */
  message: string;
  /** Characters of the whole message. */
  length: number;
  /** Lines of the message. */
  lines: number;
  /** The last line of the traceback; "" without one. */
  exception: string;
  /** The first few fields, as short texts. */
  fields: [name: string, value: string][];
  /** There is more to see than what stands here. */
  expandable: boolean;
  trace: string;
  marked: boolean;
  /** What the find text and the query's words match in `message`, and so in `text`: start, end. */
  hits: [start: number, end: number][];
}

export interface GapRow {
  type: "gap";
  key: number;
  number: number;
  gap: Gap;
}

/** History begins here: nothing older is kept, or nothing older was ever written. */
export interface HorizonRow {
  type: "horizon";
  key: number;
  number: number;
  /** When the oldest record was taken, in ms since 1970; null where nothing is kept. */
  time: number | null;
  /** How many older records retention has removed. */
  trimmed: number;
}

/** Characters of a message in a row; all of it comes with the record. */
export const CLIPPED = 2_000;
