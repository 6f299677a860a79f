import { expect, test } from "vitest";
import { Spans } from "../src/spans.ts";

/** What is cut off behind a number, by its reason. */
function cut(spans: Spans, n: number): Record<string, number> {
  const taken: Record<string, number> = {};
  spans.cut(n, (reason, count) => {
    taken[reason] = (taken[reason] ?? 0) + count;
  });
  return taken;
}

test("what is behind a number is forgotten and told", () => {
  const spans = new Spans();
  spans.add(1, 5, "");
  spans.add(6, 8, "trimmed");
  spans.add(9, 9, "");
  spans.add(10, 12, "");
  expect(cut(spans, 12)).toEqual({ "": 0, trimmed: 0 });
  expect(cut(spans, 7)).toEqual({ "": 4, trimmed: 1 });
  expect(cut(spans, 7)).toEqual({ "": 0, trimmed: 0 });
  expect(cut(spans, 0)).toEqual({ "": 5, trimmed: 2 });
  expect(spans.given(3)).toBe(false);
});

test("only what was given was given", () => {
  const spans = new Spans();
  spans.add(1, 5, "");
  spans.add(6, 8, "trimmed");
  spans.add(20, 20, "");
  expect([1, 5, 6, 8, 10, 20, 21].filter((n) => spans.given(n))).toEqual([1, 5, 20]);
});

test("of very many, counts stay exact", () => {
  const spans = new Spans();
  for (let n = 1; n <= 30_000; n += 3) spans.add(n, n, "");
  expect(spans.given(29_998)).toBe(true);
  expect(spans.given(29_999)).toBe(false);
  expect(cut(spans, 29_000)).toEqual({ "": 333 });
  expect(cut(spans, 0)).toEqual({ "": 10_000 - 333 });
});

test("of very many in turn, too", () => {
  const spans = new Spans();
  for (let n = 1; n <= 4_000; n += 1) spans.add(n, n, n % 2 ? "" : "agent_dropped");
  expect(cut(spans, 3_900)).toEqual({ "": 50, agent_dropped: 50 });
  expect(cut(spans, 0)).toEqual({ "": 1_950, agent_dropped: 1_950 });
});
