import { describe, expect, it } from "vitest";
import type { ListFrame } from "../../src/engine/protocol.ts";
import type { Row } from "../../src/engine/rows.ts";
import { Asking, stillServes } from "../../src/list/asking.ts";

const LIST = { from: 0, to: 1000 };

describe("asking for rows", () => {
  it("asks for the newest once while the list is followed", () => {
    const asking = new Asking();
    expect(asking.next(true, { from: 960, to: 1000 }, LIST, 40)).toEqual({ follow: true, count: 46 });
    expect(asking.next(true, { from: 980, to: 1020 }, { from: 0, to: 1020 }, 40)).toBeNull();
    expect(asking.next(true, { from: 980, to: 1020 }, LIST, 60)).toEqual({ follow: true, count: 66 });
  });

  it("asks for as many again on each side, and anew when a third of them is used up", () => {
    const asking = new Asking();
    expect(asking.next(false, { from: 500, to: 540 }, LIST, 40)).toEqual({ follow: false, first: 460, count: 120 });
    expect(asking.next(false, { from: 488, to: 528 }, LIST, 40)).toBeNull();
    expect(asking.next(false, { from: 512, to: 552 }, LIST, 40)).toBeNull();
    expect(asking.next(false, { from: 470, to: 510 }, LIST, 40)).toEqual({ follow: false, first: 430, count: 120 });
  });

  it("asks for nothing beyond an end twice", () => {
    const asking = new Asking();
    asking.next(false, { from: 10, to: 50 }, LIST, 40);
    expect(asking.next(false, { from: 0, to: 40 }, LIST, 40)).toBeNull();
  });

  it("asks anew when rows have other numbers, and after following", () => {
    const asking = new Asking();
    asking.next(false, { from: 500, to: 540 }, LIST, 40);
    asking.forget();
    expect(asking.next(false, { from: 500, to: 540 }, LIST, 40)).not.toBeNull();
    asking.next(true, { from: 960, to: 1000 }, LIST, 40);
    expect(asking.next(false, { from: 500, to: 540 }, LIST, 40)).not.toBeNull();
  });
});

describe("rows from before", () => {
  const rows = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => ({ key: index, number: from + index }) as Row);
  const frame = (from: number, to: number) => ({ first: 0, count: 1000, rows: rows(from, to) }) as ListFrame;

  it("are kept while they are what is in sight, and the new ones are not", () => {
    expect(stillServes(rows(500, 600), frame(900, 1000), { from: 520, to: 560 })).toBe(true);
    expect(stillServes(rows(500, 600), frame(510, 570), { from: 520, to: 560 })).toBe(false);
    expect(stillServes(rows(500, 600), frame(900, 1000), { from: 580, to: 620 })).toBe(false);
  });

  it("are not kept when some of them have left the list", () => {
    const cut = { ...frame(900, 1000), first: 510 };
    expect(stillServes(rows(500, 600), cut, { from: 520, to: 560 })).toBe(false);
    expect(stillServes([], frame(0, 10), { from: 520, to: 560 })).toBe(false);
  });
});
