import { describe, expect, test } from "vitest";
import { parse, type Value, without, withPart } from "../../src/query/index.ts";
import type { LogRecord } from "../../src/records.ts";
import { record } from "./record.ts";

describe("a query without one of its parts", () => {
  test.each([
    ["a b c", 1, "a c"],
    ["a b c", 0, "b c"],
    ["  a   b  c ", 2, "a   b"],
    ["a AND b AND c", 1, "a c"],
    ["a AND b AND c", 0, "b AND c"],
    ["a AND b", 1, "a"],
    ["x (a)b", 1, "x b"],
    ["(a)(b)(c)", 1, "(a) (c)"],
    ["a\\ AND NOT b c", 1, "a\\ AND c"],
    ["a OR b c", 0, ""],
    ["level:(a OR b) -c", 0, "-c"],
    ["only", 0, ""],
  ])("%s: %i gone is %s", (text, place, rest) => {
    const part = parse(text).parts[place];
    expect(part).toBeDefined();
    if (!part) return;
    const found = without(text, part);
    expect(found).toBe(rest);
    const others = parse(text).parts.filter((_, other) => other !== place);
    expect(parse(found).parts.map(({ canonical }) => canonical)).toEqual(others.map(({ canonical }) => canonical));
  });
});

describe("a query with another part", () => {
  test.each<[string, string, Value, boolean, string]>([
    ["", "level", "ERROR", false, "level:ERROR"],
    ["  ", "level", "ERROR", true, "-level:ERROR"],
    ["*", "status", 503, false, "status:503"],
    ["a b", "status", 503, false, "a b status:503"],
    ["a OR b", "status", 503, true, "(a OR b) -status:503"],
    ["(a OR b)", "status", 503, true, "(a OR b) -status:503"],
    ["a\\ ", "k", true, false, "a\\  k:true"],
    ["a", "fields.user id", "x y", false, 'a fields.user\\ id:"x y"'],
    ["a", "user id", -0.5, false, "a fields.user\\ id:-0.5"],
    ["a", "trace_id", null, false, "a -trace_id:*"],
    ["a", "trace_id", null, true, "a trace_id:*"],
    ["a", "time", "2026-11-21T10:30:15.250000Z", false, "a time:2026-11-21T10:30:15.250000Z"],
    ["a", "order", "0123", false, 'a order:"0123"'],
    ["a", "path", "/api/users/", false, 'a path:"/api/users/"'],
    ["a", "range", "a..b", false, 'a range:"a..b"'],
  ])("%s, %s %s, negated %s: %s", (text, key, value, negated, expected) => {
    expect(withPart(text, key, value, negated)).toBe(expected);
  });

  test("that is there already stays as it is, however it is written", () => {
    expect(withPart('x level:"error"  y', "level", "ERROR")).toBe('x level:"error"  y');
    expect(withPart("NOT (status:503)", "status", 503, true)).toBe("NOT (status:503)");
  });

  test("takes the place of its opposite", () => {
    expect(withPart("x -level:error y", "level", "ERROR")).toBe("x level:ERROR y");
    expect(withPart("x level:error y", "level", "ERROR", true)).toBe("x -level:ERROR y");
    expect(withPart("trace_id:* y", "trace_id", null)).toBe("-trace_id:* y");
  });

  test("that is not one of those that all must match does not count", () => {
    expect(withPart("(level:error OR a)", "level", "ERROR")).toBe("(level:error OR a) level:ERROR");
  });

  test("is a mistake where the query is one", () => {
    expect(() => withPart("(a", "k", "v")).toThrow("this parenthesis is not closed");
  });
});

describe("a value that is filtered for", () => {
  const values: Value[] = [
    ...[
      "plain",
      "two words",
      'say "hi"',
      "back\\slash",
      "a*b?",
      "",
      "-x",
      "AND",
      "/x/",
      "/x/i",
      "1",
      "0123",
      "1e3",
      "5s",
    ],
    ...[
      "a..b",
      "1..2",
      "..",
      "a:b",
      "(x)",
      "null",
      "true",
      "line\nbreak\ttab",
      "😀",
      "İ",
      "\\",
      '"',
      "error",
      "*",
      ">5",
    ],
    ...[0, -1, 1.5, 1e21, 1.5e-7, 9007199254740991, true, false],
  ];
  const keys = ["k", "user id", "a:b", "", "0", "$ref", "a.b", "fields", "service", "größe", "dir\\x", "x\ny", "AND"];

  /** The record with a value, one with each of the others, and one without. */
  function recordsOf(key: string, value: Value): [LogRecord, LogRecord[]] {
    const others = values.filter((each) => String(each).toLowerCase() !== String(value).toLowerCase());
    return [
      record({ fields: { [key]: value } }),
      [...others.map((other) => record({ fields: { [key]: other } })), record(), record({ fields: {} })],
    ];
  }

  test.each(keys)("is found under the name %j, and no other is", (key) => {
    for (const value of values) {
      const [wanted, others] = recordsOf(key, value);
      const text = withPart("", `fields.${key}`, value);
      const { matches } = parse(text);
      expect(matches(wanted), text).toBe(true);
      expect(others.filter(matches), text).toEqual([]);
      const opposite = parse(withPart(text, `fields.${key}`, value, true));
      expect(opposite.matches(wanted)).toBe(false);
      expect(others.every(opposite.matches)).toBe(true);
    }
  });

  test("is that of the record itself, when the key is one of its own", () => {
    const said = { level: "Level 25", level_number: 25, logger: "db pool", stream: "run:8f3a", trace_id: "00*" };
    for (const [key, value] of Object.entries(said)) {
      const { matches } = parse(withPart("", key, value));
      expect([matches(record(said)), matches(record({ trace_id: "0012" }))]).toEqual([true, false]);
    }
  });
});
