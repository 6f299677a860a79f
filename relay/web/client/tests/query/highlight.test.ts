import { expect, test } from "vitest";
import { highlights, MOST_HIGHLIGHTS, parse, type QueryOptions } from "../../src/query/index.ts";

function marked(query: string, text: string, options: QueryOptions = {}): string[] {
  return highlights(parse(query, options))(text).map(([start, end]) => text.slice(start, end));
}

test.each([
  ["timed", "Timed out, TIMED", ["Timed", "TIMED"]],
  ['"timed out"', "it timed out, timed", ["timed out"]],
  ["tim*out", "tim timed out and out", ["tim timed out"]],
  ["t?med*", "timed tamed", ["timed", "tamed"]],
  ["*med*", "timed", ["med"]],
  ["/\\d+ms/", "10ms, 20ms, 3s", ["10ms", "20ms"]],
  ["/T\\w+/", "Timed timed", ["Timed"]],
  ["/x*/", "axxb", ["xx"]],
  ["message:timed exception:out", "timed out", ["timed", "out"]],
  ["a OR (b k:c)", "abc", ["ab"]],
  ["aba", "ababa", ["aba"]],
  ["abc bcd", "abcd", ["abcd"]],
  ["-timed -(-out) level:out", "timed out", ["out"]],
  ["timed", "nothing", []],
  ["", "nothing", []],
  ["*", "nothing", []],
  ["οδος", "ΟΔΟΣ", ["ΟΔΟΣ"]],
  ["😀", "x😀y", ["😀"]],
  ["stan", "İSTAN İstan", ["stan"]],
])("%s marks in %s what it looks for", (query, text, found) => {
  expect(marked(query, text)).toEqual(found);
});

test("no more places are marked in a text than may be", () => {
  const text = "a ".repeat(10_000);
  expect(highlights(parse("a"))(text)).toHaveLength(MOST_HIGHLIGHTS);
  expect(highlights(parse("/a/ /x*/"))(text)).toHaveLength(MOST_HIGHLIGHTS);
});

test("nothing is marked by an expression that is left to the server", () => {
  expect(marked("/(a+)+b/ c", "aab c", { regex: "server" })).toEqual(["c"]);
  expect(marked("/(a+)+b/ c", "aab c")).toEqual(["aab", "c"]);
  expect(marked("/x+/", `${"a".repeat(5000)}x`, { regex: "server" })).toEqual([]);
});
