import { describe, expect, test } from "vitest";
import { chipsOf, offersAt, problemOf, withoutChip } from "../../src/query/language.ts";

const KNOWN = { status: ["200", "503"], path: ["/api/users"], level: ["INFO", "ERROR"], service: ["shop"] };

function labels(text: string, asked = false): string[] {
  return offersAt(text, text.length, KNOWN, asked).options.map(({ label }) => label);
}

describe("what is wrong with a query", () => {
  test("is nothing when it can be read", () => {
    expect(problemOf('timeout level:>=error -"a b"')).toBeNull();
    expect(problemOf("")).toBeNull();
  });

  test("stands at the characters at fault", () => {
    const text = "😀 status:>=abc";
    const problem = problemOf(text);
    expect(text.slice(problem?.start, problem?.end)).toBe("abc");
    expect(problem?.message).toContain("compares with a number");
  });

  test("may be that something is missing at the end", () => {
    expect(problemOf("status:")).toMatchObject({ start: 7, end: 7 });
  });
});

describe("chips", () => {
  test("are the parts that all must match", () => {
    const chips = chipsOf('timeout -level:debug "a b" (x OR y)');
    expect(chips.map(({ text }) => text)).toEqual(["timeout", "-level:debug", '"a b"', "(x OR y)"]);
    expect(chips.map(({ negated }) => negated)).toEqual([false, true, false, false]);
  });

  test("are one where one of several is enough", () => {
    expect(chipsOf("a OR b").map(({ text }) => text)).toEqual(["a OR b"]);
  });

  test("are taken out one by one", () => {
    const text = "timeout AND level:error";
    const [first, last] = chipsOf(text);
    expect(first && withoutChip(text, first)).toBe("level:error");
    expect(last && withoutChip(text, last)).toBe("timeout");
  });

  test("are none of what cannot be read", () => {
    expect(chipsOf("a (b")).toEqual([]);
  });
});

describe("completion", () => {
  test("offers keys for a word that is begun", () => {
    const { start, end, options } = offersAt("timeout sta", 11, KNOWN);
    expect([start, end]).toEqual([8, 11]);
    expect(options).toContainEqual({ text: "status:", label: "status", detail: "key" });
  });

  test("offers values seen behind their key, with a blank behind the last word", () => {
    expect(offersAt("status:", 7, KNOWN).options.slice(0, 2)).toEqual([
      { text: "200 ", label: "200", detail: "" },
      { text: "503 ", label: "503", detail: "" },
    ]);
    expect(offersAt("path: x", 5, KNOWN).options[0]?.text).toBe('"/api/users"');
  });

  test("offers how numbers and levels compare", () => {
    expect(labels("status:")).toEqual(["200", "503", ">=", "<=", "*"]);
    expect(labels("level:")).toContain(">=warning");
    expect(labels("path:")).not.toContain(">=");
    expect(labels("status:2")).toEqual(["200"]);
  });

  test("offers operators between parts", () => {
    expect(labels("a O")).toContain("OR");
  });

  test("does not open by itself between words, and does when asked", () => {
    expect(labels("a ")).toEqual([]);
    expect(labels("a ", true)).toContain("level");
  });

  test("makes queries that can be read", () => {
    for (const { text } of offersAt("path:", 5, KNOWN).options) expect(problemOf(`path:${text}`), text).toBeNull();
  });
});
