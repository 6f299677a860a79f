// @vitest-environment node
import type { LogRecord } from "@tailrace/client";
import { describe, expect, test } from "vitest";
import { recordEntry } from "../../src/engine/entry.ts";
import { clip, rowOf } from "../../src/engine/row.ts";
import { CLIPPED, type RecordRow } from "../../src/engine/rows.ts";
import { piecesOf } from "../../src/list/text.ts";
import { record } from "./records.ts";

function row(more: Partial<LogRecord>): RecordRow {
  const entry = recordEntry(record("1700000000123-1", more), 7, 1);
  return rowOf(entry, 3, { hue: () => 2, hits: () => [] }) as RecordRow;
}

describe("a row", () => {
  test("has its place, its time with µs, and names", () => {
    expect(row({ time: "2023-11-14T22:13:20.123456Z", logger: "db", trace_id: "t1", service: "shop" })).toMatchObject({
      ...{ type: "record", key: 7, number: 3, hue: 2, time: 1700000000123.456, level: "INFO", levelClass: "info" },
      ...{ logger: "db", trace: "t1", service: "shop", source: "", expandable: false, fields: [], marked: false },
    });
  });

  test("shows the first line of a message, and how many there are", () => {
    expect(row({ message: "one\r\ntwo\nthree" })).toMatchObject({
      ...{ text: "one", message: "one\r\ntwo\nthree", lines: 3, length: 14, expandable: true },
    });
  });

  test("is marked in all of the message that a wrapped line shows, the first line first", () => {
    const entry = recordEntry(record("1700000000123-1", { message: "find one\nand two to find" }), 7, 1);
    const hits = (text: string) =>
      [...text.matchAll(/find/g)].map(({ index }) => [index, index + 4] as [number, number]);
    const { text, message, hits: found } = rowOf(entry, 3, { hue: () => 2, hits }) as RecordRow;
    expect(found.map(([start, end]) => message.slice(start, end))).toEqual(["find", "find"]);
    const inLine = piecesOf(text, found).map((piece) => [piece.text, piece.hit]);
    expect(inLine).toEqual([
      ["find", true],
      [" one", false],
    ]);
  });

  test("clips what is long, and never in the middle of a character", () => {
    const long = row({ message: "x".repeat(20_000_000) });
    expect([long.text.length, long.message.length, long.length]).toEqual([CLIPPED, CLIPPED, 20_000_000]);
    expect(long.expandable).toBe(true);
    expect(clip("ab😀", 3)).toBe("ab");
    expect(clip("ab😀", 4)).toBe("ab😀");
  });

  test("shows the last line of a traceback", () => {
    const exception = 'Traceback (most recent call last):\n  File "x.py", line 1\nValueError: card expired\n\n';
    expect(row({ exception }).exception).toBe("ValueError: card expired");
  });

  test("shows the first fields as short texts, whatever is in them", () => {
    const deep = JSON.parse(`${'{"a":'.repeat(90)}1${"}".repeat(90)}`);
    const fields = {
      cart: 7,
      user: "ann",
      tags: ["a", { b: null }],
      deep,
      many: new Array(5000).fill(1),
      long: "x".repeat(5000),
    };
    const found = row({ fields }).fields;
    expect(found.slice(0, 4)).toEqual([
      ["cart", "7"],
      ["user", "ann"],
      ["tags", '["a",{"b":null}]'],
      ["deep", '{"a":{"a":{"a":…}}}'],
    ]);
    for (const [, value] of found) expect(value.length).toBeLessThanOrEqual(80);
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`n${index}`, index]));
    expect(row({ fields: many }).fields.length).toBe(8);
  });

  test("leaves hostile text as it is: who draws it makes it visible", () => {
    expect(row({ message: "<img src=x>\u001b[31m\u0000" }).text).toBe("<img src=x>\u001b[31m\u0000");
  });
});
