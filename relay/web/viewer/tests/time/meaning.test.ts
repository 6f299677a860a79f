import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Meaning, understand } from "../../src/time/meaning.ts";

beforeAll(() => {
  vi.stubEnv("TZ", "Europe/Berlin");
});
afterAll(() => {
  vi.unstubAllEnvs();
});

// A Saturday, 17:42:30 in Berlin.
const NOW = Date.parse("2026-11-21T16:42:30.500Z");

const LOCAL: [text: string, time: string][] = [
  ["10 min ago", "2026-11-21T16:32:30.500Z"],
  ["10m", "2026-11-21T16:32:30.500Z"],
  ["-15m", "2026-11-21T16:27:30.500Z"],
  ["an hour ago", "2026-11-21T15:42:30.500Z"],
  ["1h30m ago", "2026-11-21T15:12:30.500Z"],
  ["1 hour and 30 minutes ago", "2026-11-21T15:12:30.500Z"],
  ["1.5 hours ago", "2026-11-21T15:12:30.500Z"],
  ["2 days, 3 hrs ago", "2026-11-19T13:42:30.500Z"],
  ["1 WEEK ago", "2026-11-14T16:42:30.500Z"],
  ["10:30", "2026-11-21T09:30:00.000Z"],
  ["at 10:30:05", "2026-11-21T09:30:05.000Z"],
  ["10:30:05.25", "2026-11-21T09:30:05.250Z"],
  ["10:30:05,1234567", "2026-11-21T09:30:05.123Z"],
  ["18:00", "2026-11-20T17:00:00.000Z"],
  ["5pm", "2026-11-21T16:00:00.000Z"],
  ["5:30 PM", "2026-11-21T16:30:00.000Z"],
  ["12 am", "2026-11-20T23:00:00.000Z"],
  ["12 p.m.", "2026-11-21T11:00:00.000Z"],
  ["noon", "2026-11-21T11:00:00.000Z"],
  ["midnight", "2026-11-20T23:00:00.000Z"],
  ["today", "2026-11-20T23:00:00.000Z"],
  ["yesterday", "2026-11-19T23:00:00.000Z"],
  ["yesterday 5:30pm", "2026-11-20T16:30:00.000Z"],
  ["yesterday at 5:30pm", "2026-11-20T16:30:00.000Z"],
  ["5:30pm yesterday", "2026-11-20T16:30:00.000Z"],
  ["5 AM Friday", "2026-11-20T04:00:00.000Z"],
  ["Friday 5 AM", "2026-11-20T04:00:00.000Z"],
  ["sat 10:00", "2026-11-21T09:00:00.000Z"],
  ["Saturday, 11pm", "2026-11-14T22:00:00.000Z"],
  ["last saturday", "2026-11-13T23:00:00.000Z"],
  ["monday", "2026-11-15T23:00:00.000Z"],
  ["2026-11-21 10:30", "2026-11-21T09:30:00.000Z"],
  ["2026-11-21T10:30:05.5", "2026-11-21T09:30:05.500Z"],
  ["2026-11-21T10:30:05Z", "2026-11-21T10:30:05.000Z"],
  ["2026-11-21T10:30:05.123456+02:00", "2026-11-21T08:30:05.123Z"],
  ["2026-11-21 10:30 UTC", "2026-11-21T10:30:00.000Z"],
  ["2026/11/21", "2026-11-20T23:00:00.000Z"],
  ["21.11.2026 10:30", "2026-11-21T09:30:00.000Z"],
  ["21 Nov", "2026-11-20T23:00:00.000Z"],
  ["Nov 21st, 10:30", "2026-11-21T09:30:00.000Z"],
  ["november 3, 2025 at 4pm", "2025-11-03T15:00:00.000Z"],
  ["24 Dec", "2025-12-23T23:00:00.000Z"],
  ["1 July 12:00", "2026-07-01T10:00:00.000Z"],
  // Clocks were put back at 3:00 that night, so that the day before began 25 hours before midnight.
  ["25 Oct 2026", "2026-10-24T22:00:00.000Z"],
  ["26 Oct 2026", "2026-10-25T23:00:00.000Z"],
  ["10:30 utc", "2026-11-21T10:30:00.000Z"],
  // Already passed in that zone, by which the day is told.
  ["01:30 +09:00", "2026-11-21T16:30:00.000Z"],
  ["1795270243", "2026-11-21T14:10:43.000Z"],
  ["1795270243381", "2026-11-21T14:10:43.381Z"],
  ["1795270243381-0", "2026-11-21T14:10:43.381Z"],
];

describe("a time is understood in the reader's zone", () => {
  test.each(LOCAL)("%s", (text, time) => {
    expect(iso(understand(text, NOW, "local"))).toBe(time);
  });
});

describe("a time is understood in UTC", () => {
  test.each([
    ["10:30", "2026-11-21T10:30:00.000Z"],
    ["17:00", "2026-11-20T17:00:00.000Z"],
    ["yesterday", "2026-11-20T00:00:00.000Z"],
    ["5 AM Friday", "2026-11-20T05:00:00.000Z"],
    ["2026-11-21 10:30", "2026-11-21T10:30:00.000Z"],
    ["2026-11-21T10:30+01:00", "2026-11-21T09:30:00.000Z"],
  ])("%s", (text, time) => {
    expect(iso(understand(text, NOW, "utc"))).toBe(time);
  });
});

describe("a place is understood", () => {
  test.each<[string, Meaning]>([
    ["now", { what: "now" }],
    ["1795270243381-3", { what: "id", id: "1795270243381-3" }],
    ["api/1795270243381-3", { what: "record", record: "api/1795270243381-3" }],
    ["/r/run:8f3a/1795270243381-3", { what: "record", record: "run:8f3a/1795270243381-3" }],
    ["http://127.0.0.1:8000/r/api/1795270243381-3", { what: "record", record: "api/1795270243381-3" }],
    ["https://logs.example/prefix/r/run%3A1/17-3", { what: "record", record: "run:1/17-3" }],
    ["https://logs.example/?query=a&record=api%2F17-3", { what: "record", record: "api/17-3" }],
  ])("%s", (text, meaning) => {
    expect(understand(` ${text} `, NOW, "local")).toEqual(meaning);
  });
});

describe("what is not understood is said, and what would be right", () => {
  test.each([
    ["", "Say a time"],
    ["soon", "“soon” is not understood"],
    ["10:30 or so", "“or so” is not understood"],
    ["25:10", "25 is no hour: 0 to 23 are"],
    ["13pm", "13 is no hour: 1 to 12 are"],
    ["10:75", "75 is no minute"],
    ["10:30:99", "99 is no second"],
    ["30 Feb 2026", "There is no 30 Feb 2026"],
    ["2026-13-01", "There is no 1 in month 13 2026"],
    ["yesterday friday", "There are two days"],
    ["10:30 5pm", "There are two times of the day"],
    ["+02:00", "An offset from UTC"],
    ["UTC", "neither a day nor a time"],
    ["11/21/2026", "“11/21/2026” is not understood"],
    ["1 Jan 1969", "before 1970"],
    ["5000 weeks ago", "before 1970"],
    ["https://example.org/17-3", "This link is not one to a record"],
    ["http://127.0.0.1:8000/r/%/17-3", "This link is not one to a record"],
  ])("%s", (text, why) => {
    const meaning = understand(text, NOW, "local");
    expect(meaning.what === "unclear" ? meaning.why : meaning).toContain(why);
  });
});

function iso(meaning: Meaning): string | Meaning {
  return meaning.what === "time" ? new Date(meaning.time).toISOString() : meaning;
}
