import { describe, expect, test } from "vitest";
import { TailraceError } from "../src/errors.ts";
import { delayBefore, errorOf, nextAfter } from "../src/retrying.ts";

test.each([
  [0, "later", "network"],
  [1000, "later", "network"],
  [1001, "later", "network"],
  [1002, "never", "bad_request"],
  [1006, "later", "network"],
  [1007, "never", "bad_request"],
  [1009, "never", "bad_request"],
  [1011, "later", "network"],
  [3000, "later", "network"],
  [3001, "later", "network"],
  [3002, "later", "network"],
  [3003, "later", "unavailable"],
  [3499, "later", "network"],
  [3500, "never", "bad_request"],
  [3501, "never", "bad_request"],
  [3999, "never", "bad_request"],
  [4001, "token", "unauthorized"],
  [4003, "elsewhere", "forbidden"],
  [4029, "later", "too_many"],
  [4444, "later", "unavailable"],
  [400, "never", "bad_request"],
  [401, "token", "unauthorized"],
  [403, "elsewhere", "forbidden"],
  [404, "later", "not_found"],
  [429, "later", "too_many"],
  [502, "later", "unavailable"],
  [503, "later", "unavailable"],
])("after close code or status %i a client comes %s; it is the error %s", (code, next, name) => {
  expect(nextAfter(code)).toBe(next);
  expect(errorOf({ code, reason: "why" })).toMatchObject({ code: name, message: "why" });
});

test("what the gateway said before counts for more than how it ended", () => {
  const error = new TailraceError("bad_request", "no");
  expect(errorOf({ code: 3501, reason: "why", error })).toBe(error);
});

describe("the next try comes", () => {
  const lost = { code: 1006, reason: "" };
  const half = () => 0.5;

  test.each([
    [0, 250],
    [1, 500],
    [2, 1000],
    [5, 8000],
    [6, 10_000],
    [1000, 10_000],
  ])("after %i others in full jitter up to 20 s", (attempts, ms) => {
    expect(delayBefore(attempts, lost, half)).toBe(ms);
    expect(delayBefore(attempts, lost, () => 0)).toBe(0);
  });

  test("at once when a gateway shuts down, but not for ever at once", () => {
    expect(delayBefore(0, { code: 3000, reason: "" }, half)).toBe(0);
    expect(delayBefore(1, { code: 3000, reason: "" }, half)).toBe(500);
  });

  test.each([
    ["its reason says so", { code: 4029, reason: "256 connections are open; come again in 10 s" }, 10_250],
    ["a header says so", { code: 429, reason: "too many", wait: 3000 }, 3250],
    ["it is asked too much", { code: 4029, reason: "too many messages" }, 1250],
    ["Redis does not answer", { code: 3003, reason: "Redis does not answer; come again" }, 1250],
  ])("after a while when %s", (_, ending, ms) => {
    expect(delayBefore(0, ending, half)).toBe(ms);
  });

  test("within a day, whatever a gateway says, and never without a pause for it", () => {
    expect(delayBefore(0, { code: 429, reason: "too many", wait: 1e15 }, half)).toBe(86_400_250);
  });

  test.each(Array.from({ length: 8 }, (_, attempts) => attempts))("never later than it may (%i)", (attempts) => {
    const delay = delayBefore(attempts, lost);
    expect(delay).toBeGreaterThanOrEqual(0);
    expect(delay).toBeLessThanOrEqual(Math.min(20_000, 500 * 2 ** attempts));
  });
});
