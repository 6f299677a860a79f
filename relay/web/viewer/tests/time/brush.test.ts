import { describe, expect, test } from "vitest";
import { chosen, nudged, timeAtPlace } from "../../src/time/brush.ts";

const SCALE = { from: 1_000, to: 2_000, width: 100 };

describe("what is chosen", () => {
  test("is whole buckets, in whichever direction it was drawn", () => {
    expect(chosen({ anchor: 1_230, head: 1_410 }, SCALE)).toEqual([1_200, 1_500]);
    expect(chosen({ anchor: 1_410, head: 1_230 }, SCALE)).toEqual([1_200, 1_500]);
  });

  test("is one bucket at least, also at the end", () => {
    expect(chosen({ anchor: 1_300, head: 1_300 }, SCALE)).toEqual([1_300, 1_400]);
    expect(chosen({ anchor: 2_000, head: 2_000 }, SCALE)).toEqual([1_900, 2_000]);
  });

  test("stays within the chart", () => {
    expect(chosen({ anchor: 500, head: 5_000 }, SCALE)).toEqual([1_000, 2_000]);
  });
});

test("a place on the chart is a time, and beyond it its end", () => {
  expect(timeAtPlace(50, 200, SCALE)).toBe(1_250);
  expect(timeAtPlace(-5, 200, SCALE)).toBe(1_000);
  expect(timeAtPlace(500, 200, SCALE)).toBe(2_000);
  expect(timeAtPlace(0, 0, SCALE)).toBe(1_000);
});

describe("keys move an edge", () => {
  test.each([
    ["from", "ArrowRight", false, [1_300, 1_500]],
    ["from", "ArrowLeft", false, [1_100, 1_500]],
    ["from", "ArrowLeft", true, [1_000, 1_500]],
    ["from", "End", false, [1_400, 1_500]],
    ["to", "ArrowRight", false, [1_200, 1_600]],
    ["to", "PageUp", false, [1_200, 2_000]],
    ["to", "Home", false, [1_200, 1_300]],
    ["to", "End", false, [1_200, 2_000]],
    ["to", "a", false, null],
  ] as const)("%s, %s", (edge, key, fast, span) => {
    expect(nudged([1_200, 1_500], edge, key, fast, SCALE)).toEqual(span);
  });
});
