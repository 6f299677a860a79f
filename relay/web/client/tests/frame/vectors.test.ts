import { describe, expect, test } from "vitest";
import {
  compareStreamIds,
  decodeFrame,
  FrameError,
  parseStreamId,
  placed,
  readHeader,
  readPublication,
} from "../../src/frame/index.ts";
import { MsgpackReader } from "../../src/frame/msgpack.ts";
import { readRecord, timeText } from "../../src/frame/record.ts";
import { bytesOf, vectors } from "./bytes.ts";

type Values = Record<string, unknown>;
type Stored = Values & { time: number };
interface Invalid {
  name: string;
  hex: string;
  reason: string;
}
interface StoredFrame extends Values {
  earliest: number;
  latest: number;
  facts: Values;
  records: Stored[];
}

/** A record of the vectors as gateways give it. */
function given(record: Stored): Values {
  return { ...record, time: timeText(record.time) };
}

describe("frames", () => {
  const { valid, invalid } = vectors<{
    valid: { name: string; hex: string; frame: StoredFrame }[];
    invalid: Invalid[];
  }>("frames");

  test.each(valid)("$name: is read as the vector says", async ({ hex, frame }) => {
    const { records, facts, ...said } = frame;
    const header = { ...said, earliest: timeText(said.earliest), latest: timeText(said.latest) };
    expect(readHeader(bytesOf(hex))).toEqual(header);
    const read = await decodeFrame(bytesOf(hex));
    expect(read.header).toEqual(header);
    expect(read.facts).toEqual(facts);
    const known = Object.fromEntries(Object.entries(facts).filter(([, value]) => value));
    const { producer, first_seq } = read.header;
    expect(read.records).toEqual(
      records.map((record, place) => ({ ...given(record), ...known, producer, seq: first_seq + place })),
    );
  });

  test.each(invalid)("$name: is refused with the reason", async ({ hex, reason }) => {
    const refused = await decodeFrame(bytesOf(hex)).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(FrameError);
    expect(String(refused)).toContain(reason);
  });
});

describe("records", () => {
  const { valid, invalid } = vectors<{ valid: { name: string; hex: string; record: Stored }[]; invalid: Invalid[] }>(
    "records",
  );

  test.each(valid)("$name: is read as the vector says", ({ hex, record }) => {
    const reader = new MsgpackReader(bytesOf(hex));
    expect(readRecord(reader)).toEqual(given(record));
    expect(reader.isAtEnd).toBe(true);
  });

  test.each(invalid)("$name: is refused with the reason", ({ hex, reason }) => {
    expect(() => readRecord(new MsgpackReader(bytesOf(hex)))).toThrow(FrameError);
    expect(() => readRecord(new MsgpackReader(bytesOf(hex)))).toThrow(reason);
  });
});

describe("stream IDs", () => {
  const { valid, invalid, ordered } = vectors<{
    valid: { text: string; ms: number; n: number }[];
    invalid: { text: string; reason: string }[];
    ordered: string[];
  }>("stream_ids");

  test.each(valid)("$text is read", ({ text, ms, n }) => {
    expect(parseStreamId(text)).toEqual({ ms, n });
  });

  test.each(invalid)("$text is refused", ({ text, reason }) => {
    expect(() => parseStreamId(text)).toThrow(reason);
  });

  test("have the order of the vectors", () => {
    expect([...ordered].reverse().sort(compareStreamIds)).toEqual(ordered);
    expect(compareStreamIds("5-9", "5-9")).toBe(0);
  });
});

describe("publications", () => {
  const { valid, invalid } = vectors<{
    valid: { hex: string; id: string; epoch: string; generation: number; frame: string }[];
    invalid: Invalid[];
  }>("publications");

  test.each(valid)("of $id is read", async ({ hex, id, epoch, generation, frame }) => {
    const publication = readPublication(bytesOf(hex));
    expect(publication).toMatchObject({ id, epoch, generation, header: readHeader(bytesOf(frame)) });
    const records = placed(await decodeFrame(publication.frame), "api", id);
    expect(records.at(-1)).toMatchObject({ id, stream: "api" });
  });

  test.each(invalid)("$name: is refused with the reason", ({ hex, reason }) => {
    expect(() => readPublication(bytesOf(hex))).toThrow(FrameError);
    expect(() => readPublication(bytesOf(hex))).toThrow(reason);
  });
});
