import type { Gap } from "@tailrace/client";
import { describe, expect, it } from "vitest";
import { about, gapWords, horizonWords, size } from "../../src/list/words.ts";

function gap(change: Partial<Gap>): Gap {
  return { stream: "api", count: 312, after: null, before: null, reason: "trimmed", ...change };
}

describe("a gap", () => {
  it.each([
    [gap({}), "312 records trimmed: retention removed them before they were read"],
    [gap({ count: 1 }), "1 record trimmed: retention removed them before they were read"],
    [gap({ reason: "cleared", count: 0 }), "Somebody cleared the stream"],
    [gap({ reason: "cleared" }), "312 records cleared: somebody emptied the stream"],
    [gap({ reason: "epoch", count: null }), "Redis lost its records and the numbering here: nobody can say how many"],
    [gap({ reason: "fork" }), "312 records withdrawn by a failover of Redis: what agents send again comes again"],
    [
      gap({ reason: "agent_dropped", count: 1_200, by_level: { DEBUG: 1_100, INFO: 100 } }),
      "1,200 records shed by their agent, which had no room (DEBUG 1,100 · INFO 100)",
    ],
    [gap({ reason: "unreadable" }), "312 records unreadable: their frame is damaged"],
    [gap({ reason: "eaten" }), "312 records missing: eaten"],
  ])("says how many records are missing and why: %#", (missing, words) => {
    expect(gapWords(missing)).toBe(words);
  });
});

describe("numbers", () => {
  it("are about as large as they are", () => {
    expect([0, 9_999, 12_345, 1_234_567, 23_456_789].map(about)).toEqual(["0", "9,999", "12 k", "1.2 M", "23 M"]);
  });

  it("say how long a text is", () => {
    expect([1, 2_500, 23_456, 1_500_000, 20_000_000].map(size)).toEqual([
      "1 character",
      "2,500 characters",
      "23 kB",
      "1.5 MB",
      "20 MB",
    ]);
  });

  it("say what history has lost", () => {
    expect(horizonWords(0)).toBe("History begins here");
    expect(horizonWords(1)).toBe("History begins here · 1 older record trimmed");
    expect(horizonWords(1_234_567)).toBe("History begins here · 1.2 M older records trimmed");
  });
});
