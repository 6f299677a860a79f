import { describe, expect, test } from "vitest";
import { awaySince, connectionMeaning, connectionWord, nextTry, toneOf } from "../../src/status/connection.ts";
import { broken, declared, proofLine } from "../../src/status/proof.ts";
import { frameOf } from "./stage.ts";

describe("a connection", () => {
  test("is being made before the first frame", () => {
    expect(connectionWord(null)).toBe("Connecting");
    expect(toneOf(null)).toBe("waiting");
  });

  test("is good while it is whole", () => {
    expect(toneOf(frameOf())).toBe("good");
    expect(toneOf(frameOf({ proof: { whole: false, missing: 2 } }))).toBe("bad");
    expect(toneOf(frameOf({ state: { connection: "disconnected" } }))).toBe("bad");
  });

  test("that is held or refused says what that means", () => {
    const { state } = frameOf({ state: { connection: "held" } });
    expect(connectionMeaning(state)).toContain("stays in Redis");
    const error = { code: "forbidden", message: "this token does not allow to read 'secret'" } as never;
    expect(connectionMeaning({ ...state, connection: "refused", error })).toContain("does not allow to read 'secret'");
  });

  test("says when it is tried again", () => {
    const { state } = frameOf({ state: { connection: "disconnected", retryAt: 10_000 } });
    expect(nextTry(state, 7_400)).toBe("in 3 s");
    expect(nextTry(state, 12_000)).toBe("in 0 s");
    expect(nextTry({ ...state, retryAt: null }, 0)).toBe("");
  });

  test("is away from the first failure until a gateway greets", () => {
    expect(awaySince(null, "disconnected", 5)).toBe(5);
    expect(awaySince(5, "connecting", 9)).toBe(5);
    expect(awaySince(5, "connected", 9)).toBeNull();
    expect(awaySince(5, "held", 9)).toBeNull();
  });
});

describe("the proof", () => {
  test("is one line", () => {
    expect(proofLine(frameOf({ proof: { declared: 312, reconnects: 1 } }).proof)).toBe(
      "312 lost · 0 duplicated · 1 reconnect",
    );
  });

  test("names all that breaks the promise, and nothing while it holds", () => {
    expect(broken(frameOf({ proof: { declared: 5 } }).proof)).toEqual([]);
    const { proof } = frameOf({ proof: { whole: false, missing: 2, duplicates: 1, outOfOrder: 3, unreadable: 1 } });
    expect(broken(proof)).toEqual([
      "2 missing without a gap",
      "1 duplicated",
      "3 out of order",
      "1 message that made no sense",
    ]);
  });

  test("says why records were lost", () => {
    const { proof } = frameOf({ proof: { lost: { agent_dropped: 312, cleared: 0, solar_wind: 1 } } });
    expect(declared(proof)).toEqual(["312 dropped by agents for want of room", "1 solar_wind"]);
  });
});
