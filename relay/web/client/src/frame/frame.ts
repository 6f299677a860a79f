import type { LogRecord } from "../records.ts";
import { FrameError } from "./errors.ts";
import { parseStreamId } from "./ids.ts";
import { inflate } from "./inflate.ts";
import { MsgpackReader } from "./msgpack.ts";
import { type Facts, type FrameRecord, MAX_TIME, readFacts, readRecord, timeText } from "./record.ts";

/** The first 76 bytes of a frame: docs/PROTOCOL.md, A3. */
export interface FrameHeader {
  /** 32 hexadecimal digits. */
  producer: string;
  first_seq: number;
  last_seq: number;
  /** Of its records, 1 to 512. */
  count: number;
  /** No record's number of level is above it, unless it is 255. */
  highest_level: number;
  /** No record's time is before the earliest, none after the latest; texts as records have them. */
  earliest: string;
  latest: string;
  /** Records shed just before the first one; and by class, from below INFO to CRITICAL. */
  shed: number;
  shed_by_class: number[];
  /** 0 none, 1 deflate. */
  codec: number;
  /** Bytes of the body before the codec. */
  body_size: number;
}

export interface Frame {
  header: FrameHeader;
  facts: Facts;
  records: FrameRecord[];
}

const HEADER = 76;
const VERSION = 1;
const PLAIN = 0;
const DEFLATE = 1;
const MAX_RECORDS = 512;
const MAX_BODY = 8 << 20;
const MAGIC = 0x5452; // TR
const UNBOUNDED = 255;
const SHED_CLASSES = 5;

/**
 * Reads the header and checks the whole.
 *
 * @throws {FrameError} naming what is wrong.
 */
export function readHeader(bytes: Uint8Array): FrameHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER) throw new FrameError(`${bytes.length} bytes are too few for a header of ${HEADER}`);
  check(view.getUint16(0) === MAGIC, "the magic is not TR");
  check(bytes[2] === VERSION, `version ${bytes[2]} is not known; this reader knows ${VERSION}`);
  check(view.getUint32(4) === crc32(bytes.subarray(8)), "the checksum does not match: the frame is damaged");
  const codec = view.getUint8(3);
  const count = view.getUint16(32);
  const body_size = view.getUint32(36);
  check(codec === PLAIN || codec === DEFLATE, `codec ${codec} is not known`);
  check(count >= 1 && count <= MAX_RECORDS, `count ${count} is not within 1 to ${MAX_RECORDS}`);
  const first_seq = Number(view.getBigUint64(24));
  const last_seq = first_seq + count - 1;
  const isSeq = first_seq >= 1 && Number.isSafeInteger(first_seq) && Number.isSafeInteger(last_seq);
  check(isSeq, `first seq ${first_seq} is not within 1 to 2^53 - 1`);
  check(body_size <= MAX_BODY, `a body of ${body_size} bytes is beyond the limit of ${MAX_BODY}`);
  check(bytes[35] === 0, `the reserved byte is ${bytes[35]}; right would be 0`);
  const [earliest, latest] = [view.getBigUint64(40), view.getBigUint64(48)];
  const isSpan = earliest <= latest && latest <= MAX_TIME;
  check(isSpan, `the record times ${earliest} to ${latest} are no span within the years 1970 to 9999`);
  const shed_by_class = Array.from({ length: SHED_CLASSES }, (_, place) => view.getUint32(56 + 4 * place));
  const shed = shed_by_class.reduce((sum, each) => sum + each);
  check(shed < first_seq, `${shed} shed records do not fit before first seq ${first_seq}`);
  return {
    producer: Array.from(bytes.subarray(8, 24), (byte) => byte.toString(16).padStart(2, "0")).join(""),
    first_seq,
    last_seq,
    count,
    highest_level: view.getUint8(34),
    earliest: timeText(earliest),
    latest: timeText(latest),
    shed,
    shed_by_class,
    codec,
    body_size,
  };
}

/**
 * Reads a frame with its records. Whatever the bytes are, it takes no more than some 8 MiB, and what 8 MiB of msgpack
 * become as objects.
 *
 * @throws {FrameError} (as a rejection) naming what is wrong: with the header, the body, or a record in it.
 */
export async function decodeFrame(bytes: Uint8Array): Promise<Frame> {
  const header = readHeader(bytes);
  const packed = bytes.subarray(HEADER);
  const { codec, body_size, count } = header;
  const body = codec === PLAIN ? packed : await inflate(packed, body_size);
  check(body.length === body_size, `the body has ${body.length} bytes; its header says ${body_size}`);
  const reader = new MsgpackReader(body);
  const isWhole = reader.next() === "array" && reader.length === count + 1;
  check(isWhole, `the body is no msgpack array of ${count + 1} elements`);
  const facts = readFacts(reader);
  const records = Array.from({ length: count }, (_, place) => recordOf(reader, header, facts, place));
  check(reader.isAtEnd, "the body is no msgpack: something follows it");
  return { header, facts, records };
}

/** The records of a frame that stands in `stream` under the ID of its last one. */
export function placed({ records }: Frame, stream: string, id: string): LogRecord[] {
  const { ms, n } = parseStreamId(id);
  return records.map((record, place) => ({ ...record, id: `${ms}-${n - records.length + 1 + place}`, stream }));
}

function recordOf(reader: MsgpackReader, header: FrameHeader, facts: Facts, place: number): FrameRecord {
  const record = readRecord(reader);
  const { time, level_number } = record;
  const { earliest, latest, highest_level, producer, first_seq } = header;
  check(time >= earliest && time <= latest, `a record's time ${time} is not within the span that the header says`);
  const isBelow = level_number <= highest_level || highest_level === UNBOUNDED;
  check(isBelow, `a record's level ${level_number} is above the highest that the header says`);
  const known = Object.entries(facts).filter(([, value]) => value);
  return { ...record, ...Object.fromEntries(known), producer, seq: first_seq + place };
}

function check(isRight: boolean, message: string): void {
  if (!isRight) throw new FrameError(message);
}

// Of CRC-32, as zlib has it.
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
  return remainder;
});

function crc32(bytes: Uint8Array): number {
  let remainder = -1;
  for (const byte of bytes) remainder = (CRC_TABLE[(remainder ^ byte) & 255] ?? 0) ^ (remainder >>> 8);
  return ~remainder >>> 0;
}
