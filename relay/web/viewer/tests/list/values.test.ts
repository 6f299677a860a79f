import { describe, expect, it } from "vitest";
import { CHUNK, chunksOf } from "../../src/list/chunks.ts";
import { factsOf } from "../../src/list/facts.ts";
import { Recent } from "../../src/list/recent.ts";
import { branchOf, jsonIn, valueText, writtenIn } from "../../src/list/values.ts";

describe("a value", () => {
  it("is a branch when it holds others", () => {
    expect(branchOf({ a: 1, b: [2] })).toEqual({
      entries: [
        ["a", 1],
        ["b", [2]],
      ],
      summary: "{ 2 }",
    });
    expect(branchOf(["x"])).toEqual({ entries: [["0", "x"]], summary: "[ 1 ]" });
    for (const leaf of [null, 1, "text", true]) expect(branchOf(leaf)).toBeNull();
  });

  it("is written as it is", () => {
    expect(["text", 1.5, null, true, {}].map(valueText)).toEqual(["text", "1.5", "null", "true", "{}"]);
  });

  it("is read out of a message that is JSON", () => {
    expect(jsonIn(' {"a": 1}')).toEqual({ a: 1 });
    expect(jsonIn("[1]")).toEqual([1]);
    for (const message of ["words", "7", "{half", '"text"', `[${"1,".repeat(600_000)}1]`]) {
      expect(jsonIn(message)).toBeUndefined();
    }
  });
});

describe("a value of a message that is JSON", () => {
  it("is looked for behind its name, as the message has it", () => {
    expect(writtenIn('{"status":503,"ok":true}', "status", 503)).toBe('"status":503');
    expect(writtenIn('{"status": 503, "name": "a \\"b\\""}', "name", 'a "b"')).toBe('"name": "a \\"b\\""');
    expect(writtenIn('{"café": "caf\\u00e9 \\ud83d\\ude92"}', "x", "café 🚒")).toBe('"caf\\u00e9 \\ud83d\\ude92"');
    expect(writtenIn('{"town": "K\\u00f6ln"}', "town", "Köln")).toBe('"town": "K\\u00f6ln"');
  });

  it("is looked for by itself where it has no name, or stands there in other words", () => {
    expect(writtenIn('{"tags":["a","b"]}', "1", "b")).toBe('"b"');
    expect(writtenIn('{"path":"\\/api"}', "path", "/api")).toBe("/api");
  });
});

describe("a long text", () => {
  it("comes in pieces that are the whole text", () => {
    const text = "0123456789".repeat(10_000);
    const chunks = [...chunksOf(text)];
    expect(chunks.join("")).toBe(text);
    expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThanOrEqual(CHUNK);
  });

  it("is cut at the end of a line where there is one near", () => {
    const chunks = [...chunksOf(`${"x".repeat(99)}\n`.repeat(1_000))];
    expect(chunks.every((chunk) => chunk.endsWith("\n"))).toBe(true);
  });

  it("is never cut within a character", () => {
    const chunks = [...chunksOf(`x${"🚒".repeat(20_000)}`)];
    expect(chunks.some((chunk) => /\p{Cs}/u.test(chunk))).toBe(false);
  });
});

it("tells what is known of a record, in the order in which people look for it", () => {
  const record = {
    id: "5-1",
    seq: 7,
    producer: "p",
    stream: "api",
    time: "t",
    level: "INFO",
    level_number: 20,
    message: "m",
    host: "h",
  };
  expect(factsOf(record).map(({ name, askable }) => `${name}${askable ? "" : "!"}`)).toEqual([
    "time",
    "level",
    "stream",
    "host",
    "id!",
    "producer",
    "seq!",
  ]);
});

it("remembers the last few records, and none that are large", () => {
  const recent = new Recent<{ message: string }>();
  for (let key = 0; key < 30; key += 1) recent.set(key, { message: String(key) });
  recent.set(99, { message: "x".repeat(2_000_000) });
  expect([0, 9, 10, 29, 99].map((key) => recent.get(key)?.message)).toEqual([
    undefined,
    undefined,
    "10",
    "29",
    undefined,
  ]);
});
