import { describe, expect, it } from "vitest";
import type { Frame } from "../../src/engine/protocol.ts";
import { emptyWords, unseenWords } from "../../src/list/floating_words.ts";

describe("what came since a list is not followed", () => {
  it("is counted, and how much of it is an error", () => {
    expect(unseenWords({ records: 0, errors: 0 })).toBe("");
    expect(unseenWords({ records: 1_204, errors: 0 })).toBe("1,204 new");
    expect(unseenWords({ records: 1_204, errors: 3 })).toBe("1,204 new · 3 errors");
    expect(unseenWords({ records: 1, errors: 1 })).toBe("1 new · 1 error");
  });
});

describe("a list without records", () => {
  const frame = (change: object = {}, state: object = {}) =>
    ({
      lists: { all: { records: 0 } },
      mode: "live",
      more: { older: false, newer: false },
      pending: false,
      state: { connection: "connected", live: true, ...state },
      ...change,
    }) as unknown as Frame;

  it.each([
    ["Choose a service or a stream", frame(), false, ""],
    ["Connecting…", null, true, ""],
    ["Connecting…", frame({ pending: true }), true, ""],
    ["Connecting…", frame({}, { connection: "connecting" }), true, ""],
    ["Disconnected: another try is on its way", frame({}, { connection: "disconnected" }), true, ""],
    ["No gateway takes this question as it is", frame({}, { connection: "refused" }), true, ""],
    ["Loading…", frame({}, { live: false }), true, "x"],
    ["No logs available", frame(), true, ""],
    ["Nothing matches the query", frame(), true, "level:error"],
    ["", frame({ lists: { all: { records: 1 } } }), true, ""],
  ])("says why: %s", (words, shown, asked, query) => {
    expect(emptyWords(shown, "all", asked, query)).toBe(words);
  });
});
