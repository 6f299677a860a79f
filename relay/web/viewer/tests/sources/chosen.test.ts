import { describe, expect, test } from "vitest";
import { isAmong } from "../../src/engine/places.ts";
import { ALL_RUNS, chosenTitle, isStreamOrGlob, only, toggled } from "../../src/sources/chosen.ts";
import { EMPTY, type View } from "../../src/state/address.ts";

describe("choosing", () => {
  test("adds and takes away", () => {
    const one = toggled(EMPTY, "services", "api");
    expect(one.services).toEqual(["api"]);
    expect(toggled({ services: ["api", "mail"], streams: [] }, "services", "api").services).toEqual(["mail"]);
  });

  test("of one alone leaves all else", () => {
    expect(only("streams", "run:*")).toEqual({ services: [], streams: ["run:*"], record: "", run: "" });
  });

  test("is said in a few words", () => {
    const title = (change: Partial<View>) => Object.values(chosenTitle({ ...EMPTY, ...change }));
    expect(title({})).toEqual(["Choose what to read", 0]);
    expect(title({ services: ["api"], streams: ["*", "mail"] })).toEqual(["api", 2]);
    expect(title({ streams: ["*"] })).toEqual(["All streams", 0]);
    expect(title({ run: ALL_RUNS })).toEqual(["All runs", 0]);
    expect(title({ services: ["api"], run: "run:7" })).toEqual(["run:7", 0]);
  });
});

describe("globs", () => {
  test("stand for streams", () => {
    expect(isAmong("run:7", ["api", "run:*"])).toBe(true);
    expect(isAmong("api", ["a?i"])).toBe(true);
    expect(isAmong("api", ["a.i"])).toBe(false);
    expect(isAmong("api2", ["api"])).toBe(false);
  });

  test("with many stars take no longer than others", () => {
    const began = performance.now();
    expect(isAmong("a".repeat(128), [`${"*a".repeat(60)}*b`])).toBe(false);
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  test("and names are made of few characters", () => {
    expect(isStreamOrGlob("worker.*:a-b_c?")).toBe(true);
    for (const text of ["", "no/name", "a b", "a".repeat(129)]) expect(isStreamOrGlob(text)).toBe(false);
  });
});
