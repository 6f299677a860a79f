import { describe, expect, test } from "vitest";
import { asking, msOf, parametersOf } from "../src/question.ts";

const NOW = Date.UTC(2026, 10, 21, 12);

test.each([
  ["2026-11-21T10:30:00Z", Date.UTC(2026, 10, 21, 10, 30)],
  ["2026-11-21T10:30", Date.UTC(2026, 10, 21, 10, 30)],
  ["2026-11-21 10:30:00.25", Date.UTC(2026, 10, 21, 10, 30, 0, 250)],
  ["2026-11-21T10:30:00+02:00", Date.UTC(2026, 10, 21, 8, 30)],
  ["2026-11-21t10:30:00.123456z", Date.UTC(2026, 10, 21, 10, 30, 0, 123)],
  ["2026-11-21", Date.UTC(2026, 10, 21)],
  ["-15m", NOW - 900_000],
  ["-1h30m", NOW - 5_400_000],
  ["-1.5s", NOW - 1500],
  ["-250ms", NOW - 250],
  ["-2d", NOW - 172_800_000],
  [12.7, 12],
  [-5, 0],
  ["-99999d", 0],
  [new Date(NOW), NOW],
])("%j is a moment", (moment, ms) => {
  expect(msOf(moment, NOW)).toBe(ms);
});

test.each([
  "",
  "yesterday",
  "15m",
  "-15",
  "-15q",
  "-m",
  "2026-13-01",
  "2026-11-21T25:00Z",
  Number.NaN,
  1e16,
  new Date("x"),
])("%j is none", (moment) => {
  expect(() => msOf(moment, NOW)).toThrow("not a time");
});

describe("a subscription", () => {
  test("names what it asks for, and nothing else", () => {
    expect(parametersOf({ streams: ["api", "run:*"], query: "a", level: "WARN", tail: 5 }, null)).toEqual({
      streams: "api,run:*",
      query: "a",
      level: "WARN",
      tail: "5",
    });
    expect(parametersOf({ streams: "api", query: "", tail: 0 }, null)).toEqual({ streams: "api", tail: "0" });
  });

  test("begins at a cursor, else a time, else a tail", () => {
    const all = { streams: "api", after: "9-7", since: 1000, tail: 5 };
    expect(parametersOf(all, null)).toEqual({ streams: "api", after: "9-7" });
    expect(parametersOf({ streams: "api", since: 1000, tail: 5 }, null)).toEqual({ streams: "api", after: "1000-0" });
  });

  test("goes on at its own cursor", () => {
    expect(parametersOf({ streams: "api", after: "9-7", tail: 5 }, "9-9~e~0")).toEqual({
      streams: "api",
      after: "9-9~e~0",
    });
  });
});

test("a selection of history leaves words for a time to the gateway", () => {
  expect(asking({ since: "-15m", until: new Date(NOW), query: "a" })).toEqual({
    since: "-15m",
    until: "2026-11-21T12:00:00.000Z",
    query: "a",
  });
});
