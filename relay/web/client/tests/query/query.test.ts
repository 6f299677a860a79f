import { describe, expect, test } from "vitest";
import { type Part, parse, QueryError, span } from "../../src/query/index.ts";
import { record } from "./record.ts";

function partsOf(text: string): Pick<Part, "text" | "kind" | "negated">[] {
  return parse(text).parts.map(({ text, kind, negated }) => ({ text, kind, negated }));
}

describe("the parts of a query", () => {
  test("are what all must match, each as it is written", () => {
    expect(partsOf('  timed AND "out of" -/x y/i\n(a OR b) level:>=warning')).toEqual([
      { text: "timed", kind: "word", negated: false },
      { text: '"out of"', kind: "phrase", negated: false },
      { text: "-/x y/i", kind: "regex", negated: true },
      { text: "(a OR b)", kind: "group", negated: false },
      { text: "level:>=warning", kind: "field", negated: false },
    ]);
  });

  test("say where they stand", () => {
    const text = " 😀 -x  k:(a b)";
    expect(parse(text).parts.map(({ start, end }) => text.slice(start, end))).toEqual(["😀", "-x", "k:(a b)"]);
  });

  test("have a key where they ask for a field", () => {
    const text = "status:5 -level:(error OR fatal) fields.user\\ id:* NOT k:/x/ word";
    expect(parse(text).parts.map(({ key }) => key)).toEqual(["status", "level", "fields.user id", "k", undefined]);
  });

  test.each([
    ["NOT a", true],
    ["-(a b)", true],
    ["NOT -a", false],
    ["-(-a)", false],
    ["NOTHING", false],
    ["-", false],
    ["\\-x", false],
  ])("%s has the sign %s", (text, negated) => {
    expect(parse(text).parts.map((part) => part.negated)).toEqual([negated]);
  });

  test("are one group where any of several may match", () => {
    expect(partsOf("a OR b -c ")).toEqual([{ text: "a OR b -c", kind: "group", negated: false }]);
    expect(partsOf("(a OR b)")).toEqual([{ text: "(a OR b)", kind: "group", negated: false }]);
    expect(partsOf("level:a OR level:b")).toEqual([{ text: "level:a OR level:b", kind: "group", negated: false }]);
  });

  test("of nothing are none", () => {
    expect(partsOf(" \n")).toEqual([]);
    expect(parse("").matches(record())).toBe(true);
  });
});

describe("a mistake", () => {
  function mistake(text: string): QueryError {
    try {
      parse(text);
    } catch (error) {
      if (error instanceof QueryError) return error;
    }
    throw new Error("it was read");
  }

  test("is counted in characters, and its span in indices of JavaScript", () => {
    const text = '😀 "😀" level:>lo😀d';
    const error = mistake(text);
    expect([error.position, error.length]).toEqual([13, 4]);
    const [start, end] = span(text, error);
    expect(text.slice(start, end)).toBe("lo😀d");
  });

  test("without a place is at the end", () => {
    expect(span("😀x", {})).toEqual([3, 3]);
    expect(span("😀x", { position: 99, length: 4 })).toEqual([3, 3]);
  });
});

describe("an expression that JavaScript may take too long for", () => {
  const text = `${"a".repeat(40)}!`;

  test("is left to the server where there is one", () => {
    const query = parse("/^(a+)+$/ level:info", { regex: "server" });
    expect(query.exact).toBe(false);
    expect(query.matches(record({ message: text }))).toBe(true);
    expect(query.matches(record({ message: text, level: "ERROR", level_number: 40 }))).toBe(false);
  });

  test("hides nothing when it is negated", () => {
    const query = parse("-/^(a+)+$/ -(x OR NOT k:/(a|b)*c/)", { regex: "server" });
    expect(query.exact).toBe(false);
    expect(query.matches(record({ message: text, fields: { k: "a" } }))).toBe(true);
    expect(query.matches(record({ message: text }))).toBe(false);
    expect(query.matches(record({ message: "x", fields: { k: "a" } }))).toBe(false);
  });

  test("is left to the server in long texts, if it is one that repeats", () => {
    const query = parse("/a+b/", { regex: "server" });
    expect(query.exact).toBe(true);
    expect(query.matches(record({ message: "c".repeat(2048) }))).toBe(false);
    expect(query.matches(record({ message: "c".repeat(2049) }))).toBe(true);
    expect(query.surely(record({ message: "c".repeat(2049) }))).toBe(false);
    expect(query.surely(record({ message: "aab" }))).toBe(true);
    expect(parse("-/a+b/", { regex: "server" }).matches(record({ message: "c".repeat(2049) }))).toBe(true);
    expect(parse("-/a+b/", { regex: "server" }).surely(record({ message: "c".repeat(2049) }))).toBe(false);
    expect(parse("/a+b/").matches(record({ message: "c".repeat(2049) }))).toBe(false);
    expect(parse("/ab/", { regex: "server" }).matches(record({ message: "c".repeat(2049) }))).toBe(false);
  });

  test("is left to the server in long texts, if it has many ways to match", () => {
    const query = parse("/a.{0,999}b/", { regex: "server" });
    expect(query.exact).toBe(true);
    expect(query.matches(record({ message: "a".repeat(4194) }))).toBe(false);
    expect(query.matches(record({ message: "a".repeat(4195) }))).toBe(true);
  });

  test("is tried without a server", () => {
    const query = parse("/^(a+)+$/");
    expect(query.exact).toBe(true);
    expect([query.matches(record({ message: "aaa" })), query.matches(record({ message: "aab" }))]).toEqual([
      true,
      false,
    ]);
  });

  test("is looked for in no more than the server looks at", () => {
    const long = `${"😀".repeat(65_535)}end`;
    expect(parse("/e/").matches(record({ message: long }))).toBe(true);
    expect(parse("/end/").matches(record({ message: long }))).toBe(false);
    expect(parse("message:*n?").matches(record({ message: long }))).toBe(false);
    expect(parse("logger:*end").matches(record({ logger: long }))).toBe(true);
    expect(parse("end").matches(record({ message: long }))).toBe(true);
  });
});

test("a glob takes linear time, whatever the text is", () => {
  const query = parse(`message:${"a*".repeat(12)}b`);
  expect(query.matches(record({ message: "a".repeat(60_000) }))).toBe(false);
});

test("a record may hold anything", () => {
  const nested = { __proto__: null, toString: [null, { deep: "needle" }], valueOf: 5 };
  const odd = { ...record({ fields: nested, metadata: [[], {}, [null]] }), message: undefined, exception: 7 };
  for (const text of ["needle", "-x", "toString.deep:needle", "valueOf:>4", "metadata:*", "exception:7", "message:*"]) {
    expect(() => parse(text).matches(odd as never), text).not.toThrow();
  }
  expect(parse("needle valueOf:5").matches(odd as never)).toBe(true);
});
