// @vitest-environment node
import { describe, expect, test } from "vitest";
import { histogramOf } from "../../src/engine/histogram.ts";
import { Holding } from "../../src/engine/holding.ts";
import { Listing } from "../../src/engine/listing.ts";
import { located, stepFrom } from "../../src/engine/stepping.ts";
import { counter, gap, record, records } from "./records.ts";

function made() {
  const holding = new Holding(counter());
  const list = new Listing(() => true);
  list.insert(
    holding.add([
      record("1000-1", { level_number: 30 }),
      record("1001-2", { trace_id: "t" }),
      record("1002-3", { level_number: 50 }),
      record("1003-4"),
      record("1004-5", { level_number: 40, trace_id: "t" }),
    ]),
  );
  list.insert([holding.addGap(gap({ after: "1004-5", before: "1005-9" }))]);
  return { holding, list };
}

describe("steps", () => {
  test("go to the next error, warning, gap or record of a trace, in both directions", () => {
    const { list } = made();
    expect(stepFrom(list, 0, true, "error")).toEqual({ number: 2, key: 3 });
    expect(stepFrom(list, 2, true, "error")).toEqual({ number: 4, key: 5 });
    expect(stepFrom(list, 4, true, "error")).toBeNull();
    expect(stepFrom(list, 4, false, "error")).toEqual({ number: 2, key: 3 });
    expect(stepFrom(list, 5, false, "warning")).toEqual({ number: 0, key: 1 });
    expect(stepFrom(list, 0, false, "warning")).toBeNull();
    expect(stepFrom(list, 0, true, "gap")).toEqual({ number: 5, key: 6 });
    expect(stepFrom(list, 1, true, "trace", "t")).toEqual({ number: 4, key: 5 });
    expect(stepFrom(list, 0, true, "hit")).toBeNull();
  });

  test("go from before the first row and from behind the last", () => {
    const { list } = made();
    expect(stepFrom(list, -10, true, "error")).toEqual({ number: 2, key: 3 });
    expect(stepFrom(list, 100, false, "error")).toEqual({ number: 4, key: 5 });
  });
});

describe("a record", () => {
  test("is found by its key, its ID, or a time", () => {
    const { list } = made();
    expect(located(list, { key: 4 })).toEqual({ number: 3, key: 4 });
    expect(located(list, { id: "api/1002-3" })).toEqual({ number: 2, key: 3 });
    expect(located(list, { time: 1001.5 })).toEqual({ number: 2, key: 3 });
    expect(located(list, { id: "mail/1002-3" })).toBeNull();
    expect(located(list, { time: 5000 })).toBeNull();
  });
});

describe("the histogram", () => {
  test("has buckets of a round width from a round time on, by level", () => {
    const { list } = made();
    expect(histogramOf(list, 10)).toEqual({
      start: 1000,
      width: 1,
      counts: [
        0,
        0,
        0,
        1,
        0,
        0,
        ...[0, 0, 1, 0, 0, 0],
        ...[0, 0, 0, 0, 0, 1],
        ...[0, 0, 1, 0, 0, 0],
        ...[0, 0, 0, 0, 1, 0],
      ],
    });
    expect(histogramOf(list, 2)).toMatchObject({ start: 1000, width: 5 });
  });

  test("never has more buckets than asked for, whatever the span", () => {
    for (const span of [1, 999, 86_400_000, 4e11]) {
      for (const buckets of [1, 2, 60]) {
        const list = new Listing(() => true);
        list.insert(new Holding(counter()).add([record("1700000000123-1"), record(`${1700000000123 + span}-2`)]));
        const { counts } = histogramOf(list, buckets);
        expect(counts.length / 6).toBeLessThanOrEqual(buckets);
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(2);
      }
    }
  });

  test("is empty without records", () => {
    expect(histogramOf(new Listing(() => true), 60).counts).toEqual([]);
    const list = new Listing(() => true);
    list.insert(new Holding(counter()).add(records(1)));
    expect(histogramOf(list, 60).counts).toEqual([0, 0, 1, 0, 0, 0]);
  });
});
