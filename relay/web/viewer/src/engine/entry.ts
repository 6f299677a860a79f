import type { Gap, LogRecord } from "@tailrace/client";
import { LEVEL_CLASSES, levelClassOf } from "./rows.ts";

interface Placed {
  /** Given once, to nothing else. */
  readonly key: number;
  /** ms at which Redis took it, never less than that of what its stream had before: the order among streams. */
  readonly at: number;
  readonly stream: string;
  /** Not held any more; lists drop it when they next look. */
  gone: boolean;
}

export interface RecordEntry extends Placed {
  readonly type: "record";
  readonly record: LogRecord;
  /** When it was logged, in ms since 1970 with µs as fraction. */
  readonly time: number;
  /** The place of its level in `LEVEL_CLASSES`. */
  readonly level: number;
  readonly audit: boolean;
  /** Characters that it holds, about. */
  readonly weight: number;
  /** Contains what is looked for. */
  hit: boolean;
  marked: boolean;
}

export interface GapEntry extends Placed {
  readonly type: "gap";
  readonly gap: Gap;
}

export interface HorizonEntry extends Placed {
  readonly type: "horizon";
  readonly time: number | null;
  readonly trimmed: number;
}

/** One of the things that are held, in one order for all lists. */
export type Entry = RecordEntry | GapEntry | HorizonEntry;

export const ERROR = LEVEL_CLASSES.indexOf("error");
export const WARNING = LEVEL_CLASSES.indexOf("warning");

/** ms of an ID `<ms>-<n>`. */
export function msOf(id: string): number {
  return Number(id.slice(0, id.indexOf("-")));
}

/** The record's number in its stream, of an ID `<ms>-<n>`. */
export function numberOf(id: string): number {
  return Number(id.slice(id.indexOf("-") + 1));
}

/** Negative where `a` stands before `b`: by the time Redis took it, within a ms by streams' names, as gateways merge. */
export function compare(a: Entry, b: Entry): number {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1;
  if (a.stream === b.stream) return 0;
  return a.stream < b.stream ? -1 : 1;
}

export function gapEntry(gap: Gap, key: number, at: number): GapEntry {
  return { type: "gap", key, at, stream: gap.stream, gone: false, gap };
}

export function recordEntry(record: LogRecord, key: number, at: number): RecordEntry {
  return {
    type: "record",
    key,
    at,
    stream: record.stream,
    gone: false,
    record,
    time: timeOf(record.time),
    level: LEVEL_CLASSES.indexOf(levelClassOf(record.level_number)),
    audit: record.kind === "audit",
    weight: weightOf(record),
    hit: false,
    marked: false,
  };
}

let second = "";
let secondMs = 0;

/** RFC 3339 with µs as ms since 1970. Records that follow one another mostly share their second, which is read once. */
export function timeOf(text: string): number {
  if (text.length !== 27) return Date.parse(text);
  const head = text.slice(0, 19);
  if (head !== second) {
    second = head;
    secondMs = Date.parse(`${head}Z`);
  }
  return secondMs + Number(text.slice(20, 26)) / 1000;
}

// Characters that a record takes besides its long texts: its names, numbers and the object itself.
const FRAME = 200;

function weightOf(record: LogRecord): number {
  let weight = FRAME + record.message.length + (record.exception?.length ?? 0);
  if (record.fields) weight += sizeOf(record.fields, 0);
  if (record.metadata !== undefined) weight += sizeOf(record.metadata, 0);
  return weight;
}

// Deeper than this, values are guessed at.
const DEEPEST = 8;

function sizeOf(value: unknown, depth: number): number {
  if (typeof value === "string") return 16 + value.length;
  if (typeof value !== "object" || value === null || depth > DEEPEST) return 16;
  let size = 32;
  for (const [name, each] of Object.entries(value)) size += name.length + sizeOf(each, depth + 1);
  return size;
}

/** As marks and links name it. */
export function nameOf({ stream, record }: RecordEntry): string {
  return `${stream}/${record.id}`;
}
