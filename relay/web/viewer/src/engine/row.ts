import type { LogRecord } from "@tailrace/client";
import type { Entry, RecordEntry } from "./entry.ts";
import { CLIPPED, LEVEL_CLASSES, type RecordRow, type Row } from "./rows.ts";

// Fields that a line shows, and characters of each.
const FIELDS = 8;
const VALUE = 80;
// Characters of the last line of a traceback.
const EXCEPTION = 300;
// Characters of names.
const NAME = 200;

/** What rows need to know besides their entries. */
export interface Look {
  hue: (stream: string) => number;
  /** What is marked in a text: start, end, in order and apart. */
  hits: (text: string) => [number, number][];
}

export function rowOf(entry: Entry, number: number, look: Look): Row {
  const { key } = entry;
  if (entry.type === "gap") return { type: "gap", key, number, gap: entry.gap };
  if (entry.type === "horizon") return { type: "horizon", key, number, time: entry.time, trimmed: entry.trimmed };
  return recordRow(entry, number, look);
}

function recordRow(entry: RecordEntry, number: number, look: Look): RecordRow {
  const { key, record, stream, time, marked } = entry;
  const { message } = record;
  const text = clip(firstLine(message), CLIPPED);
  const shown = clip(message, CLIPPED);
  const lines = linesOf(record);
  const fields = fieldsOf(record);
  return {
    type: "record",
    key,
    number,
    id: record.id,
    stream,
    hue: look.hue(stream),
    time,
    level: clip(record.level, NAME),
    levelClass: LEVEL_CLASSES[entry.level] ?? "trace",
    source: clip(record.source ?? "", NAME),
    kind: clip(record.kind ?? "", NAME),
    service: clip(record.service ?? "", NAME),
    logger: clip(record.logger ?? "", NAME),
    text,
    message: shown,
    length: message.length,
    lines,
    exception: clip(lastLine(record.exception ?? ""), EXCEPTION),
    fields,
    expandable: lines > 1 || message.length > CLIPPED || hasMore(record),
    trace: clip(record.trace_id ?? "", NAME),
    marked,
    // The first line is where the message begins: what is marked there stands first.
    hits: look.hits(shown),
  };
}

function hasMore(record: LogRecord): boolean {
  return Boolean(record.exception) || record.fields !== undefined || record.metadata !== undefined;
}

/** At most so many characters; half of a pair is none. */
export function clip(text: string, most: number): string {
  if (text.length <= most) return text;
  const half = text.charCodeAt(most - 1) & 0xfc00;
  return text.slice(0, half === 0xd800 ? most - 1 : most);
}

function firstLine(text: string): string {
  const end = text.indexOf("\n");
  return end < 0 ? text : text.slice(0, text[end - 1] === "\r" ? end - 1 : end);
}

// Lines of long messages: counting those of 20 MB takes longer than a frame may.
const counted = new WeakMap<LogRecord, number>();

function linesOf(record: LogRecord): number {
  const { message } = record;
  let lines = counted.get(record) ?? 0;
  if (lines) return lines;
  for (let at = 0; at >= 0; lines += 1) at = message.indexOf("\n", at) + 1 || -1;
  if (message.length > CLIPPED) counted.set(record, lines);
  return lines;
}

function lastLine(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) <= 32) end -= 1;
  return text.slice(end > 0 ? text.lastIndexOf("\n", end - 1) + 1 : 0, end);
}

function fieldsOf({ fields }: LogRecord): [string, string][] {
  if (!fields) return [];
  const found: [string, string][] = [];
  for (const name in fields) {
    if (found.length === FIELDS) break;
    found.push([clip(name, VALUE), shortOf(fields[name])]);
  }
  return found;
}

/** A value as a short text. What is large is not written out only to be cut. */
function shortOf(value: unknown): string {
  if (typeof value === "string") return clip(value, VALUE);
  if (Array.isArray(value)) return value.length > VALUE ? `[… ${value.length}]` : clip(outline(value), VALUE);
  return clip(outline(value), VALUE);
}

// Levels and items that an outline goes into.
const DEPTH = 3;
const ITEMS = 12;

function outline(value: unknown, depth = 0): string {
  if (typeof value === "string") return JSON.stringify(clip(value, VALUE));
  if (typeof value !== "object" || value === null) return String(value);
  if (depth === DEPTH) return "…";
  if (Array.isArray(value)) {
    const items = value.slice(0, ITEMS).map((each) => outline(each, depth + 1));
    return `[${items.join(",")}${value.length > ITEMS ? ",…" : ""}]`;
  }
  const parts: string[] = [];
  for (const name in value) {
    if (parts.length === ITEMS) {
      parts.push("…");
      break;
    }
    const each = (value as Record<string, unknown>)[name];
    parts.push(`${JSON.stringify(clip(name, VALUE))}:${outline(each, depth + 1)}`);
  }
  return `{${parts.join(",")}}`;
}
