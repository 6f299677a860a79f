import { describe, expect, test } from "vitest";
import { ago, duration, timeOf, timeOfId } from "../../src/status/words.ts";

describe("times", () => {
  test.each([
    [0, "0 ms"],
    [42.4, "42 ms"],
    [999.6, "999 ms"],
    [3_250, "3.2 s"],
    [59_999, "59 s"],
    [60_000, "1 min"],
    [125_000, "2 min 5 s"],
    [4_320_000, "1 h 12 min"],
    [273_600_000, "3 d 4 h"],
    [-5, "0 ms"],
  ])("of %d ms take %s", (ms, text) => expect(duration(ms)).toBe(text));

  test.each([
    [1_999, "now"],
    [40_000, "40 s ago"],
    [200_000, "3 min ago"],
    [7_200_000, "2 h ago"],
    [200_000_000, "2 d ago"],
    [-3_000, "now"],
  ])("of %d ms before are %s", (ms, text) => expect(ago(ms)).toBe(text));

  test("have a day where it is not today", () => {
    expect(timeOf(0, "utc", 1_000)).toBe("00:00:00 UTC");
    expect(timeOf(0, "utc", 2e11)).toBe("1970-01-01 00:00:00 UTC");
    expect(timeOf(0, "local", 1_000)).toMatch(/^\d\d:\d\d:\d\d$/);
  });

  test("stand in stream IDs", () => expect(timeOfId("1763683200000-42")).toBe(1_763_683_200_000));
});
