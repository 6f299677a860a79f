import { numberOf } from "./cursor.ts";
import { type ErrorDetails, TailraceError } from "./errors.ts";
import type { Gap, LogRecord, Service } from "./records.ts";

/** A message of a gateway, read: docs/PROTOCOL.md, B3 and B8. */
export type Message =
  | HelloMessage
  | RecordsMessage
  | GapMessage
  | StatusMessage
  | { type: "heartbeat"; cursor: string | null }
  | { type: "error"; error: TailraceError }
  /** `pong`, and whatever a later protocol has: passed over. */
  | { type: "other"; of: string };

/** A message that says where its reader stands behind it. */
export type CursorMessage =
  | HelloMessage
  | RecordsMessage
  | GapMessage
  | { type: "heartbeat" | "status"; cursor: string };

export interface HelloMessage {
  type: "hello";
  gateway: string;
  streams: { stream: string; epoch: string; newest: string | null }[];
  /** Whether each record of the streams comes, so that their numbers are contiguous. */
  complete: boolean;
  cursor: string;
}

export interface RecordsMessage {
  type: "records";
  stream: string;
  records: LogRecord[];
  /** Of each record its number in the stream. */
  numbers: number[];
  cursor: string;
}

export interface GapMessage {
  type: "gap";
  gap: Gap;
  cursor: string;
}

export interface StatusMessage {
  type: "status";
  state: string;
  cursor: string | null;
  services: Service[];
  removed: string[];
}

/** Members that are looked at, of whatever an object has. */
type Fields = {
  [name in keyof Gap | keyof LogRecord | "type" | "cursor" | "gateway" | "streams" | "state"]?: unknown;
} & {
  [name in
    | "complete"
    | "records"
    | "services"
    | "removed"
    | "health"
    | "reasons"
    | "instances"
    | "code"
    | "detail"
    | "parameter"
    | "position"]?: unknown;
} & { length?: unknown; epoch?: unknown; newest?: unknown };

/** Reads a message; null for a text that makes no sense. Never throws, whatever the text. */
export function readMessage(text: string): Message | null {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return null;
  }
  return isObject(found) ? read(found) : null;
}

function read(fields: Fields): Message | null {
  const { type, state, services = [], removed = [] } = fields;
  const cursor = isText(fields.cursor) ? fields.cursor : null;
  switch (type) {
    case "hello":
      return readHello(fields);
    case "records":
      return readRecords(fields);
    case "gap":
      return readGap(fields);
    case "status":
      return isText(state) && isList(services, isService) && isList(removed, isText)
        ? { type, state, cursor, services, removed }
        : null;
    case "heartbeat":
      return { type, cursor };
    case "error":
      return { type, error: readError(fields) };
    default:
      return isText(type) ? { type: "other", of: type } : null;
  }
}

function readHello({ gateway, streams, complete, cursor }: Fields): HelloMessage | null {
  const sound = isText(cursor) && isText(gateway) && isList(streams, isGreeted);
  return sound ? { type: "hello", gateway, streams, complete: complete === true, cursor } : null;
}

function readRecords({ stream, records, cursor }: Fields): RecordsMessage | null {
  if (!isText(cursor) || !isText(stream) || !isList(records, isRecord) || !records[0]) return null;
  const numbers = records.map(({ id }) => numberOf(id) ?? 0);
  const sound = records.every((record) => record.stream === stream);
  return sound ? { type: "records", stream, records, numbers, cursor } : null;
}

function readGap({ stream, count, after, before, reason, by_level, cursor }: Fields): GapMessage | null {
  if (!isText(cursor) || !isText(stream) || !isText(reason) || !isPlace(after) || !isPlace(before)) return null;
  // Only of a lost numbering nobody knows how many there were, nor between which records.
  const known = typeof count === "number" && count >= 0 && (after ?? before) !== null;
  if (!known && (count !== null || reason !== "epoch")) return null;
  const gap: Gap = { stream, count: count as number | null, after, before, reason };
  if (isObject(by_level)) gap.by_level = by_level as Record<string, number>;
  return { type: "gap", gap, cursor };
}

/** What a gateway says was wrong, in a message or as problem details (RFC 9457). */
export function readError(fields: Fields, status?: number): TailraceError {
  const { code, parameter, position, length, message, detail } = fields;
  const name = isText(code) ? code : "unreadable";
  const details = { status, parameter, position, length } as ErrorDetails;
  return new TailraceError(name, [message, detail].find(isText) ?? `the gateway answers ${status ?? name}`, details);
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isList<T>(value: unknown, isItem: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(isItem);
}

function isPlace(value: unknown): value is string | null {
  return value === null || numberOf(value) !== null;
}

function hasTexts(value: unknown, ...names: (keyof Fields)[]): value is Fields {
  return isObject(value) && names.every((name) => isText(value[name]));
}

function isGreeted(value: unknown): value is HelloMessage["streams"][number] {
  return hasTexts(value, "stream", "epoch") && isPlace(value.newest);
}

function isService(value: unknown): value is Service {
  return hasTexts(value, "service");
}

function isRecord(value: unknown): value is LogRecord {
  return (
    hasTexts(value, "time", "level", "message", "producer") &&
    numberOf(value.id) !== null &&
    typeof value.level_number === "number" &&
    typeof value.seq === "number"
  );
}
