import { describe, expect, test } from "vitest";
import type { Histogram } from "../../src/engine/protocol.ts";
import { bucketsOf, countsText, partsOfBar, sentence, ticks } from "../../src/time/bars.ts";

const NOW = Date.parse("2026-11-21T16:42:30Z");
const at = (clock: string) => Date.parse(`2026-11-21T${clock}Z`);

// trace, debug, info, warning, error, critical
const HISTOGRAM: Histogram = {
  start: at("10:30:00"),
  width: 10_000,
  counts: [...[0, 2, 90, 0, 0, 0], ...[0, 0, 0, 0, 0, 0], ...[0, 0, 995, 3, 1, 1]],
};

test("counts become buckets, each with its time and its sum", () => {
  const buckets = bucketsOf(HISTOGRAM);
  expect(buckets.map(({ from, to, total }) => [from - HISTOGRAM.start, to - HISTOGRAM.start, total])).toEqual([
    [0, 10_000, 92],
    [10_000, 20_000, 0],
    [20_000, 30_000, 1_000],
  ]);
});

describe("a bar", () => {
  const [few, none, many] = bucketsOf(HISTOGRAM);

  test("has the worst at the bottom, at least a pixel of each level from WARNING up", () => {
    expect(partsOfBar(bucket(many), 1_000, 40)).toEqual([
      { level: "critical", bottom: 0, height: 1 },
      { level: "error", bottom: 1, height: 1 },
      { level: "warning", bottom: 2, height: 1 },
      { level: "info", bottom: 3, height: 37 },
    ]);
  });

  test("is as tall as its share of the most, and never nothing where there is anything", () => {
    expect(partsOfBar(bucket(few), 92, 46)).toEqual([
      { level: "info", bottom: 0, height: 45 },
      { level: "debug", bottom: 45, height: 1 },
    ]);
    expect(partsOfBar(bucket(few), 1_000_000, 46)).toEqual([{ level: "info", bottom: 0, height: 1 }]);
    expect(partsOfBar(bucket(none), 92, 46)).toEqual([]);
  });
});

describe("ticks", () => {
  test("are round times, few enough to be written", () => {
    expect(ticks(at("10:30:00"), at("10:34:00"), 5, "utc", NOW).map(({ text }) => text)).toEqual([
      ...["10:30", "10:31", "10:32", "10:33", "10:34"],
    ]);
    expect(ticks(at("10:30:01"), at("10:30:03"), 4, "utc", NOW).map(({ text }) => text)).toEqual([
      ...["10:30:01.000", "10:30:01.500", "10:30:02.000", "10:30:02.500", "10:30:03.000"],
    ]);
  });

  test("of days begin at midnight where the reader is", () => {
    const day = 86_400_000;
    expect(ticks(at("10:30:00") - 4 * day, at("10:30:00"), 4, "utc", NOW)).toEqual(
      [3, 2, 1, 0].map((back) => ({ time: at("00:00:00") - back * day, text: `${21 - back} Nov` })),
    );
  });

  test("are none where no time goes by", () => {
    expect(ticks(NOW, NOW, 4, "utc", NOW)).toEqual([]);
  });
});

test("counts name the whole and what is worse than INFO", () => {
  expect(countsText([0, 1, 1_200, 0, 3, 0])).toBe("1\u202f204 records · 3 errors");
  expect(countsText([0, 0, 0, 1, 0, 2])).toBe("3 records · 2 critical · 1 warning");
  expect(countsText([0, 0, 1, 0, 0, 0])).toBe("1 record");
});

test("a sentence says what the picture shows", () => {
  expect(sentence(bucketsOf(HISTOGRAM), "utc", NOW)).toBe(
    "10:30:00 – 10:30:30: 1\u202f092 records · 1 critical · 1 error · 3 warnings. Most, 1000, from 10:30:20 – 10:30:30.",
  );
  expect(sentence([], "utc", NOW)).toBe("No records yet.");
});

function bucket<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("no such bucket");
  return value;
}
