// @vitest-environment node
import { describe, expect, test } from "vitest";
import { Holding } from "../../src/engine/holding.ts";
import { Listing } from "../../src/engine/listing.ts";
import { holdOlder } from "../../src/engine/older.ts";
import { counter, gap, record, records } from "./records.ts";

function made(capacity = 1000) {
  const holding = new Holding(counter(), { entries: capacity, text: 1e9 });
  const list = new Listing(() => true);
  list.look = { follow: true, count: 3 };
  const add = (...args: Parameters<typeof records>) => list.insert(holding.add(records(...args)));
  return { holding, list, add };
}

/** What the page sees: the first number, and the numbers of records. */
function seen(list: Listing): [number, number[]] {
  const { first, entries } = list.window();
  return [first, entries.map((entry) => (entry.type === "record" ? entry.record.seq : 0))];
}

describe("a list", () => {
  test("shows its newest rows while it is followed", () => {
    const { list, add } = made();
    add(5);
    expect(seen(list)).toEqual([2, [3, 4, 5]]);
    add(2, 6);
    expect(seen(list)).toEqual([4, [5, 6, 7]]);
    expect(list.unseen).toEqual({ records: 0, errors: 0 });
  });

  test("shows rows by their number, and those nearest where there are none", () => {
    const { list, add } = made();
    add(10);
    list.look = { follow: false, first: 4, count: 3 };
    expect(seen(list)).toEqual([4, [5, 6, 7]]);
    list.look = { follow: false, first: 100, count: 3 };
    expect(seen(list)).toEqual([7, [8, 9, 10]]);
    list.look = { follow: false, first: -100, count: 3 };
    expect(seen(list)).toEqual([0, [1, 2, 3]]);
  });

  test("counts what comes while it is not followed", () => {
    const { list, add } = made();
    add(3);
    list.look = { follow: false, first: 0, count: 3 };
    add(2, 4);
    add(1, 6, { level_number: 40 });
    expect(list.unseen).toEqual({ records: 3, errors: 1 });
    expect(list.count).toBe(6);
    list.look = { follow: true, count: 3 };
    expect(list.unseen).toEqual({ records: 0, errors: 0 });
  });

  test("keeps row numbers when rows leave, and when history is loaded in front", () => {
    const { holding, list, add } = made(4);
    add(6);
    holding.trim();
    list.leave();
    list.look = { follow: false, first: 2, count: 2 };
    expect([list.first, list.count, seen(list)]).toEqual([2, 4, [2, [3, 4]]]);
    list.prepend(holdOlder(holding, [record("1001-1"), record("1002-2")], [], new Map()));
    expect([list.first, list.count, seen(list)]).toEqual([0, 6, [2, [3, 4]]]);
    list.prepend(holdOlder(holding, [record("1000-0")], [], new Map()));
    expect(list.first).toBe(-1);
  });

  test("stands still while it is paused, but for what a slower stream brings late", () => {
    const { holding, list, add } = made();
    add(4);
    list.stand(true);
    list.insert(holding.add([record("1002-9", { stream: "slow" })]));
    expect(list.count).toBe(5);
    list.look = { follow: false, first: 0, count: 5 };
    expect(seen(list)).toEqual([0, [1, 2, 9, 3, 4]]);
  });

  test("counts what is not shown while it is paused", () => {
    const { list, add } = made();
    add(4);
    list.stand(true);
    add(3, 5, { level_number: 50 });
    expect(list).toMatchObject({ count: 4, records: 4, unseen: { records: 3, errors: 3 } });
    expect(seen(list)).toEqual([1, [2, 3, 4]]);
    list.stand(false);
    expect(list).toMatchObject({ count: 7, records: 7, unseen: { records: 0, errors: 0 } });
  });

  test("goes on counting what is unseen when it is paused and not followed", () => {
    const { list, add } = made();
    add(4);
    list.look = { follow: false, first: 0, count: 2 };
    list.stand(true);
    add(2, 5);
    list.stand(false);
    expect(list.unseen.records).toBe(2);
  });

  test("counts nothing that has left, where it stands still with nothing to show", () => {
    const { holding, list, add } = made(4);
    list.stand(true);
    add(6);
    holding.trim();
    list.leave();
    expect([list.records, list.count, list.unseen.records]).toEqual([0, 0, 6]);
    add(1, 7);
    expect([list.records, list.count]).toEqual([0, 0]);
    list.stand(false);
    expect([list.records, list.count]).toEqual([5, 5]);
  });

  test("lets go of what was taken away, on both sides of where it stands still", () => {
    const { holding, list, add } = made();
    add(4);
    list.stand(true);
    add(3, 5);
    holding.withdraw(gap({ reason: "fork", after: "1003-3" }));
    list.sweep();
    expect([list.count, list.records]).toEqual([3, 3]);
    list.stand(false);
    expect([list.count, list.records]).toEqual([3, 3]);
  });

  test("counts its records by level", () => {
    const { holding, list, add } = made(3);
    add(2, 1, { level_number: 40 });
    add(2, 3, { level_number: 7 });
    expect(list.levels).toEqual([2, 0, 0, 0, 2, 0]);
    holding.trim();
    list.leave();
    expect(list.levels).toEqual([2, 0, 0, 0, 1, 0]);
  });

  test("is for the entries that it wants", () => {
    const holding = new Holding(counter());
    const audit = new Listing((entry) => entry.type !== "record" || entry.audit);
    audit.insert(holding.add([record("1-1", { kind: "audit" }), record("2-2"), record("3-3", { kind: "audit" })]));
    expect(audit.records).toBe(2);
  });
});
