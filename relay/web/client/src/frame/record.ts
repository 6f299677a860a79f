import { levelName } from "../query/levels.ts";
import type { LogRecord } from "../records.ts";
import { FrameError } from "./errors.ts";
import type { Kind, MsgpackReader } from "./msgpack.ts";

/** A record without its place: `id` and `stream` follow from where the frame stood. */
export type FrameRecord = Omit<LogRecord, "id" | "stream">;

/** What all records of a frame share; empty and 0 where it is absent. */
export interface Facts {
  service: string;
  host: string;
  pid: number;
  process: string;
}

// docs/PROTOCOL.md, A2: what stands in a record by its place, and in the map behind.
const PLACES = [
  ["time", "int"],
  ["level_number", "int"],
  ["logger", "str"],
  ["message", "str"],
  ["module", "str"],
  ["function", "str"],
  ["line", "int"],
  ["thread", "str"],
] as const;
const REQUIRED = 4;
const TEXTS = ["level", "source", "kind", "exception", "trace_id", "span_id", "action"];

// The last microsecond of the year 9999, beyond which RFC 3339 has no words.
export const MAX_TIME = 253_402_300_799_999_999n;

// Arrays and maps within each other in metadata and fields.
const MAX_DEPTH = 100;

type Values = Record<string, unknown>;

/** The shared facts, which come next. @throws {FrameError} naming what is wrong with them. */
export function readFacts(reader: MsgpackReader): Facts {
  const facts: Facts = { service: "", host: "", pid: 0, process: "" };
  const kind = reader.next();
  if (kind !== "map") throw new FrameError(`the shared facts are no map but ${kind}`);
  for (let left = reader.length; left > 0; left--) {
    const name = readKey(reader, "the shared facts");
    if (name === "pid") facts.pid = Number(typed(reader, "int", "shared fact pid"));
    else if (name === "service" || name === "host" || name === "process") {
      facts[name] = String(typed(reader, "str", `shared fact ${name}`));
    } else reader.skip();
  }
  return facts;
}

/** A record, which comes next. @throws {FrameError} naming what is missing, of a wrong type or beyond its bounds. */
export function readRecord(reader: MsgpackReader): Omit<FrameRecord, "producer" | "seq"> {
  const kind = reader.next();
  if (kind !== "array") throw new FrameError(`a record is no array but ${kind}`);
  const { length } = reader;
  if (length < PLACES.length)
    throw new FrameError(`a record has ${length} elements; right would be ${PLACES.length} or more`);
  const values: Values = {};
  PLACES.forEach(([name, wanted], place) => {
    const value = typed(reader, wanted, name, place >= REQUIRED);
    if (value !== null) values[name] = value;
  });
  const rest = length > PLACES.length ? readRest(reader) : {};
  for (let place = PLACES.length + 1; place < length; place++) reader.skip();
  const { time, level_number: number, message } = values;
  if (typeof time !== "number" && typeof time !== "bigint") throw new FrameError("time is absent");
  const level_number = Number(number);
  const names = { level: levelName(level_number), source: "logging", kind: "log", message: String(message) };
  return { ...names, ...values, ...rest, level_number, time: timeText(time) };
}

function readRest(reader: MsgpackReader): Values {
  const values: Values = {};
  const kind = reader.next();
  if (kind === "nil") return values;
  if (kind !== "map") throw wrong("the map of the rest", kind, "map");
  for (let left = reader.length; left > 0; left--) {
    const name = readKey(reader, "the map of the rest");
    if (name === "line_number") values[name] = typed(reader, "int", name, true);
    else if (TEXTS.includes(name)) values[name] = typed(reader, "str", name, true);
    else if (name === "metadata" || name === "fields") values[name] = readPlain(reader, name);
    else reader.skip();
    if (values[name] === null) delete values[name];
  }
  return values;
}

/** What JSON knows; integers beyond 2^53 - 1 lose digits, as they do in JSON. */
function readPlain(reader: MsgpackReader, name: string, depth = 1): unknown {
  const kind = reader.next();
  const { value, length } = reader;
  if (depth === 1 && name === "fields" && kind !== "map" && kind !== "nil") throw wrong(name, kind, "map");
  if (kind === "bytes" || kind === "ext") throw new FrameError(`${name} holds ${kind}, which JSON has not`);
  if (kind !== "array" && kind !== "map") return kind === "int" ? Number(value) : value;
  if (depth > MAX_DEPTH) throw new FrameError(`${name} is nested more than ${MAX_DEPTH} deep`);
  if (kind === "array") return Array.from({ length }, () => readPlain(reader, name, depth + 1));
  // Makes `__proto__` a name like any other.
  return Object.fromEntries(Array.from({ length }, () => [readKey(reader, name), readPlain(reader, name, depth + 1)]));
}

function readKey(reader: MsgpackReader, where: string): string {
  const kind = reader.next();
  if (kind !== "str") throw new FrameError(`the body is no msgpack of a frame: a key in ${where} is ${kind}, no str`);
  return String(reader.value);
}

function typed(reader: MsgpackReader, wanted: Kind, what: string, isOptional = false): MsgpackReader["value"] {
  const kind = reader.next();
  if (kind !== wanted && !(isOptional && kind === "nil")) throw wrong(what, kind, wanted);
  return wanted === "int" && what !== "time" && kind !== "nil" ? Number(reader.value) : reader.value;
}

function wrong(what: string, kind: Kind, wanted: Kind): FrameError {
  return new FrameError(`${what} is ${kind}; right would be ${wanted}`);
}

/**
 * A time in microseconds since 1970 as records have it.
 *
 * @throws {FrameError} outside of the years 1970 to 9999.
 */
export function timeText(time: number | bigint): string {
  const micros = BigInt(time);
  if (micros < 0n || micros > MAX_TIME) throw new FrameError(`time ${time} is not within the years 1970 to 9999`);
  const text = new Date(Number(micros / 1000n)).toISOString();
  return `${text.slice(0, -1)}${String(micros % 1000n).padStart(3, "0")}Z`;
}
