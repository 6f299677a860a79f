import { describe, expect, it } from "vitest";
import { Heights } from "../../src/list/heights.ts";

describe("heights of rows", () => {
  it("are all alike until some are measured", () => {
    const heights = new Heights(20);
    expect(heights.place(-3)).toBe(-60);
    expect(heights.place(200_000)).toBe(4_000_000);
    expect([-21, -20, -1, 0, 19, 20].map((place) => heights.rowAt(place))).toEqual([-2, -1, -1, 0, 0, 1]);
  });

  it("count what measured rows have more, for all rows behind them", () => {
    const heights = new Heights(20);
    heights.measure(105, 5, 100);
    heights.measure(102, 2, 50);
    expect([2, 3, 5, 6, 7].map((number) => heights.place(number))).toEqual([40, 90, 130, 230, 250]);
    expect([39, 40, 89, 90, 129, 130, 229, 230, 250].map((place) => heights.rowAt(place))).toEqual([
      1, 2, 2, 3, 4, 5, 5, 6, 7,
    ]);
  });

  it("find every row at its own place, whatever was measured", () => {
    const heights = new Heights(20);
    for (let number = -500; number < 500; number += 7) heights.measure(number, number, 21 + ((number * number) % 90));
    for (let number = -600; number < 600; number += 1) {
      expect(heights.rowAt(heights.place(number))).toBe(number);
      expect(heights.rowAt(heights.place(number + 1) - 1)).toBe(number);
    }
  });

  it("are forgotten when a row is like all others again", () => {
    const heights = new Heights(20);
    heights.measure(7, 7, 300);
    heights.measure(7, 7, 20);
    expect(heights.place(8)).toBe(160);
    expect(heights.measured(7)).toBeUndefined();
  });

  it("go with their records to other rows", () => {
    const heights = new Heights(20);
    heights.measure(1, 10, 40);
    heights.measure(2, 11, 60);
    heights.settle([
      { key: 9, number: 10 },
      { key: 1, number: 11 },
      { key: 2, number: 12 },
    ]);
    expect([11, 12, 13].map((number) => heights.place(number))).toEqual([220, 260, 320]);
  });

  it("do not stay in a row where another record stands", () => {
    const heights = new Heights(20);
    heights.measure(1, 10, 40);
    heights.settle([{ key: 5, number: 10 }]);
    expect(heights.measured(1)).toBeUndefined();
    expect(heights.place(11)).toBe(220);
  });

  it("are kept of so many rows only that browsers can draw the list", () => {
    const heights = new Heights(20);
    for (let number = 0; number < 50_000; number += 1) heights.measure(number, number, 800);
    expect(heights.place(200_000)).toBeLessThan(16_700_000);
    expect(heights.measured(49_999)).toBe(800);
    expect(heights.measured(0)).toBeUndefined();
  });
});
