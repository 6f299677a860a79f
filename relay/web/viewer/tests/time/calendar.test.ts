import { expect, test } from "vitest";
import { agoText, clockText, longText, shortText, spanText } from "../../src/time/calendar.ts";

const NOW = Date.parse("2026-11-21T16:42:30Z");
const at = (text: string) => Date.parse(text);

test("a time of today is a clock, one of another day has the day before it", () => {
  expect(shortText(at("2026-11-21T10:31:05Z"), "utc", NOW)).toBe("10:31:05");
  expect(shortText(at("2026-11-20T10:31:05Z"), "utc", NOW)).toBe("20 Nov 10:31:05");
  expect(shortText(at("2025-11-21T10:31:05Z"), "utc", NOW)).toBe("21 Nov 2025 10:31:05");
});

test("milliseconds are shown where they tell anything apart", () => {
  expect(clockText(at("2026-11-21T10:31:05.042Z"), "utc")).toBe("10:31:05");
  expect(clockText(at("2026-11-21T10:31:05.042Z"), "utc", 10)).toBe("10:31:05.042");
});

test("a span names a day once", () => {
  expect(spanText(at("2026-11-21T10:31:05Z"), at("2026-11-21T10:32:40Z"), "utc", NOW)).toBe("10:31:05 – 10:32:40");
  expect(spanText(at("2026-11-20T23:00:00Z"), at("2026-11-20T23:30:00Z"), "utc", NOW)).toBe(
    "20 Nov 23:00:00 – 23:30:00",
  );
  expect(spanText(at("2026-11-20T23:00:00Z"), at("2026-11-21T01:00:00Z"), "utc", NOW)).toBe(
    "20 Nov 23:00:00 – 01:00:00",
  );
  expect(spanText(at("2026-11-21T10:31:05Z"), at("2026-11-21T10:31:06Z"), "utc", NOW)).toBe(
    "10:31:05.000 – 10:31:06.000",
  );
});

test("how far away a time is stands in the largest unit that it reaches", () => {
  expect(agoText(NOW - 59_000, NOW)).toBe("59 s ago");
  expect(agoText(NOW - 125 * 60_000, NOW)).toBe("2 h ago");
  expect(agoText(NOW + 3 * 86_400_000, NOW)).toBe("in 3 d");
});

test("a time in full has weekday, date and clock", () => {
  expect(longText(at("2026-11-21T10:30:00Z"), "utc")).toBe("Sat 21 Nov 2026, 10:30:00 UTC");
});
