import { expect, it } from "vitest";
import { fullTime, shortTime } from "../../src/list/times.ts";

const TIME = Date.parse("2026-11-21T16:02:33.042Z") + 0.125;

it("is written to the millisecond, in UTC or as the clock on the wall", () => {
  expect(shortTime(TIME, "utc", 0)).toBe("16:02:33.042");
  expect(shortTime(TIME, "local", 0)).toMatch(/^\d\d:\d\d:33\.042$/);
});

it.each([
  [-50, "now"],
  [400, "0.4 s ago"],
  [42_000, "42 s ago"],
  [125_000, "2 min ago"],
  [7_300_000, "2 h ago"],
  [3 * 86_400_000, "3 d ago"],
])("is so long ago: %i ms", (ms, words) => {
  expect(shortTime(TIME, "relative", TIME + ms)).toBe(words);
});

it("is known to the microsecond, here and in UTC", () => {
  expect(fullTime(TIME)).toMatch(/^2026-11-2\d \d\d:\d\d:33\.042125 [+-]\d\d:\d\d · 2026-11-21T16:02:33\.042125Z$/);
});
