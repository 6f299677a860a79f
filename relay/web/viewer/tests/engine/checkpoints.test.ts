// @vitest-environment node
import { beforeAll, describe, expect, test, vi } from "vitest";
import { Checkpoints } from "../../src/engine/checkpoints.ts";
import { BEGINNING, cursorBefore, END } from "../../src/engine/groups.ts";
import { cursorAfter, isAmong, isSingle, placesOf } from "../../src/engine/places.ts";
import { finding, isNarrower, joined, loadLanguage, sieveOf } from "../../src/engine/sieve.ts";
import { record } from "./records.ts";

describe("before queries can be read", () => {
  test("all matches, as far as the page knows, and nothing is known to be narrower", async () => {
    // Another test of this process may have loaded what reads them.
    vi.resetModules();
    const { isNarrower, isReadable, sieveOf } = await import("../../src/engine/sieve.ts");
    expect([isReadable(""), isReadable("a")]).toEqual([true, false]);
    expect(sieveOf("level:(").matches(record("1-1"))).toBe(true);
    expect(isNarrower(sieveOf("a"), sieveOf(""))).toBe(false);
  });
});

describe("when queries can be read", () => {
  beforeAll(loadLanguage);

  test("one is narrower that has all parts of the other", () => {
    const narrower = (query: string, than: string) => isNarrower(sieveOf(query), sieveOf(than));
    expect(narrower("a b", "")).toBe(true);
    expect(narrower("b level:error a", "a  b")).toBe(true);
    expect(narrower("a", "a b")).toBe(false);
    expect(narrower("-a", "a")).toBe(false);
    expect(narrower("a OR b", "a")).toBe(false);
    expect(narrower("(a OR b) c", "(a OR b)")).toBe(true);
  });

  test("a hostile expression is left to the server", () => {
    const sieve = sieveOf("/(a*)*b/");
    expect(sieve.matches(record("1-1", { message: "a".repeat(50_000) }))).toBe(true);
  });

  test("one goes back to the newest question that is wide enough and near enough", () => {
    const checkpoints = new Checkpoints();
    const checkpoint = (query: string, cursor: string | null) => ({
      question: { streams: ["api"], query, tail: 100, since: "", until: "", record: "" },
      ...{ sieve: sieveOf(query), cursor, key: 1, places: new Map() },
    });
    checkpoints.add(checkpoint("a", null));
    checkpoints.add(checkpoint("", "10-100~x~0"));
    checkpoints.add(checkpoint("a", "20-200~x~0"));
    const find = (query: string, cursor: string | null, most = 1000) => checkpoints.find(sieveOf(query), cursor, most);
    expect(find("a b", "30-300~x~0")?.cursor).toBe("20-200~x~0");
    expect(find("b", "30-300~x~0")?.cursor).toBe("10-100~x~0");
    expect(find("b", "30-3000~x~0")).toBeNull();
    expect(find("b", null)).toBeNull();
    const wide = find("b", "30-300~x~0");
    if (wide) checkpoints.returned(wide);
    expect(find("a", "30-300~x~0")?.cursor).toBe("10-100~x~0");
  });
});

describe("what is looked for", () => {
  test("is found in any case, in message, traceback and fields", () => {
    const sieve = finding("Time");
    expect(sieve?.matches(record("1-1", { message: "a TIMEOUT" }))).toBe(true);
    expect(sieve?.matches(record("1-1", { exception: "x\nTimeoutError" }))).toBe(true);
    expect(sieve?.matches(record("1-1", { fields: { a: [{ b: "sometimes" }] } }))).toBe(true);
    expect(sieve?.matches(record("1-1", { logger: "time", fields: { time: null } }))).toBe(false);
    expect(finding("7")?.matches(record("1-1", { message: "", fields: { status: 7 } }))).toBe(true);
    expect(finding("")).toBeNull();
  });

  test("is marked wherever it stands, together with what the query marks", () => {
    expect(finding("aa")?.hits("aaxAA aaa")).toEqual([
      [0, 2],
      [3, 5],
      [6, 8],
    ]);
    expect(finding("i")?.hits("İi")).toEqual([]);
    expect(joined([[0, 2]], [])).toEqual([[0, 2]]);
    expect(
      joined(
        [
          [0, 2],
          [5, 6],
        ],
        [[1, 4]],
      ),
    ).toEqual([
      [0, 4],
      [5, 6],
    ]);
  });
});

describe("places in streams", () => {
  test("are read out of cursors of one stream and of several", () => {
    expect([...placesOf("10-5~ep~0", "api")]).toEqual([["api", "10-5"]]);
    expect([...placesOf("999~api~10-5~ep~0~run:x~11-6~ep~1", "")]).toEqual([
      ["api", "10-5"],
      ["run:x", "11-6"],
    ]);
    expect([...placesOf("999", "api")]).toEqual([]);
  });

  test("become the cursor that history goes back from", () => {
    expect(cursorBefore(new Map([["api", "10-5"]]), true)).toBe("10-5");
    const places = new Map([
      ["api", END],
      ["mail", BEGINNING],
    ]);
    expect([...placesOf(cursorBefore(places, false), "")]).toEqual([...places]);
  });

  test("become the cursor that reading goes on from, with the numberings that are known", () => {
    const ends = new Map([
      ["api", "20-9"],
      ["mail", "21-4"],
    ]);
    expect(cursorAfter(ends, "5~api~30-12~ep~2~run~31-1~ep~0", 25, false)).toBe("24~api~20-9~ep~2");
    expect(cursorAfter(ends, null, 25, false)).toBe("24");
    expect(cursorAfter(new Map([["api", "20-9"]]), null, 25, true)).toBe("20-9");
  });

  test("are of streams by name or by glob", () => {
    expect([isSingle(["api"]), isSingle(["api", "b"]), isSingle(["run:*"])]).toEqual([true, false, false]);
    expect([isAmong("run:1", ["api", "run:*"]), isAmong("a.b", ["a?b"]), isAmong("a.b", ["a.c"])]).toEqual([
      true,
      true,
      false,
    ]);
    expect(isAmong("x".repeat(100), ["*x*x*x*x*x*x*y"])).toBe(false);
  });
});
