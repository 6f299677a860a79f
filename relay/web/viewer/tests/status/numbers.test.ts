import { describe, expect, test } from "vitest";
import { count, number, rate } from "../../src/status/numbers.ts";

describe("numbers", () => {
  test("are read in groups of three", () =>
    expect([1_204_017, 999, 1_000, 1234.5678, 0].map(number)).toEqual([
      "1,204,017",
      "999",
      "1,000",
      "1,234.5678",
      "0",
    ]));

  test("go with one thing or several", () => {
    expect(count(1, "record")).toBe("1 record");
    expect(count(0, "record")).toBe("0 records");
    expect(count(1_000, "entry", "entries")).toBe("1,000 entries");
  });

  test("of a second are short, and slow ones are of a minute", () => {
    expect(rate(12.4321)).toBe("12.4/s");
    expect(rate(0)).toBe("0/s");
    expect(rate(0.5)).toBe("0.5/s");
    expect(rate(0.01)).toBe("0.6/min");
    expect(rate(10_321)).toBe("10,300/s");
    expect(rate(0.0123456)).toBe("0.741/min");
  });
});
