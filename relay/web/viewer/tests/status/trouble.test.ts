import { describe, expect, test } from "vitest";
import { type Situation, troubleIn } from "../../src/status/trouble.ts";
import { type FrameChange, frameOf } from "./stage.ts";

const NOW = 1_000_000;

function situation(frame: FrameChange, more: Partial<Situation> = {}): Situation {
  const calm = {
    services: [],
    tokenWanted: false,
    hadToken: false,
    away: null,
    unknown: null,
    now: NOW,
    clock: "utc",
  } as const;
  return { ...calm, frame: frameOf(frame), ...more };
}

const refused = (code: string, message: string) =>
  situation({ state: { connection: "refused", error: { code, message } as never } });

describe("trouble", () => {
  test("is none while all is well", () => expect(troubleIn(situation({}))).toBeNull());

  test("is a token that is not good any more, and another one helps", () => {
    expect(troubleIn(situation({}, { tokenWanted: true, hadToken: true }))).toEqual({
      what: "This token has expired, or is not good.",
      advice: "Paste another one",
      remedy: "token",
    });
    expect(troubleIn(refused("unauthorized", "there is no token"))?.what).toBe("This gateway asks for a token.");
  });

  test("is what a gateway refuses, in its own words", () => {
    expect(troubleIn(refused("bad_request", "not a stream name or glob: 'no/name'"))).toEqual({
      what: "Not a stream name or glob: 'no/name'.",
      advice: "",
      remedy: null,
    });
    expect(troubleIn(refused("forbidden", "this token does not allow to read 'secret'"))?.remedy).toBe("token");
    expect(troubleIn(refused("too_many", "come again in 3 s"))?.remedy).toBe("retry");
  });

  test("is also a refusal while the former lists stay", () => {
    const refusal = { code: "bad_request", message: "no such time", parameter: "since", position: null, length: null };
    expect(troubleIn(situation({ refusal }))?.what).toBe("No such time.");
    expect(troubleIn(situation({ refusal: { ...refusal, parameter: "query" } }))).toBeNull();
  });

  test("is no gateway for more than five seconds", () => {
    const state = { connection: "disconnected", retryAt: NOW + 3_000, error: null } as const;
    expect(troubleIn(situation({ state }, { away: NOW - 4_999 }))).toBeNull();
    expect(troubleIn(situation({ state }, { away: NOW - 12_000 }))).toEqual({
      what: "No gateway has answered since 00:16:28 UTC.",
      advice: "What comes meanwhile stays in Redis, and nothing of it will be missing.",
      remedy: "retry",
    });
  });

  test("is Redis, when the gateway says so", () => {
    const error = { code: "unavailable", message: "Redis does not answer" } as never;
    const state = { connection: "disconnected", error } as const;
    expect(troubleIn(situation({ state }, { away: NOW - 8_000 }))?.what).toBe(
      "Redis has not answered since 00:16:32 UTC.",
    );
    expect(troubleIn(situation({}, { services: null, unknown: NOW - 4_000 }))).toBeNull();
    expect(troubleIn(situation({}, { services: null, unknown: NOW - 6_000 }))?.what).toContain("Redis does not answer");
  });
});
