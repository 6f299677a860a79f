// @vitest-environment node
import { describe, expect, test } from "vitest";
import { Holding } from "../../src/engine/holding.ts";
import { holdOlder } from "../../src/engine/older.ts";
import { counter, gap, record, records } from "./records.ts";

/** What is held, in order: records by ID with their stream's first letter, gaps by reason. */
function shown(holding: Holding): string {
  const names = [...holding.sequence].map((entry) => {
    if (entry.type === "record") return `${entry.stream[0]}${entry.record.id}`;
    return entry.type === "gap" ? entry.gap.reason : entry.type;
  });
  return names.join(" ");
}

const b = { stream: "billing" };

describe("what is held", () => {
  test("merges streams by the time at which Redis took the records, and within a ms by their names", () => {
    const holding = new Holding(counter());
    holding.add([record("10-1"), record("30-2")]);
    holding.add([record("20-1", b), record("30-2", b), record("40-3", b)]);
    holding.add([record("35-3")]);
    expect(shown(holding)).toBe("a10-1 b20-1 a30-2 b30-2 a35-3 b40-3");
  });

  test("leaves each stream in its own order, even where its clock went back", () => {
    const holding = new Holding(counter());
    holding.add([record("50-1")]);
    holding.addGap(gap({ count: null, reason: "epoch", before: "20-1" }));
    holding.add([record("20-1"), record("21-2")]);
    holding.add([record("49-1", b)]);
    expect(shown(holding)).toBe("b49-1 a50-1 epoch a20-1 a21-2");
  });

  test("puts a gap before the record that follows it", () => {
    const holding = new Holding(counter());
    holding.add([record("10-1")]);
    holding.add([record("15-1", b)]);
    holding.addGap(gap({ after: "10-1", before: "20-5", count: 3 }));
    holding.add([record("20-5")]);
    expect(shown(holding)).toBe("a10-1 b15-1 trimmed a20-5");
  });

  test("adds history in front, and goes on from there", () => {
    const holding = new Holding(counter());
    holding.add([record("50-5")]);
    expect([...holding.places]).toEqual([["api", "50-5"]]);
    const older = [record("30-3"), record("30-1", b), record("40-4")];
    holdOlder(
      holding,
      older,
      [gap({ after: "30-3", before: "40-4", reason: "agent_dropped" })],
      new Map([["api", "30-3"]]),
    );
    expect(shown(holding)).toBe("a30-3 b30-1 agent_dropped a40-4 a50-5");
    expect(holding.places.get("api")).toBe("30-3");
  });

  test("makes room at the front, and says how many have left", () => {
    const holding = new Holding(counter(), { entries: 10, text: 1e9 });
    holding.add(records(25));
    expect(holding.trim()).toBe(15);
    expect(holding).toMatchObject({ records: 10, left: 15, fill: 1 });
    expect(holding.places.get("api")).toBe("1015-16");
    expect(holding.trim()).toBe(0);
    expect(holding.trim(0.5)).toBe(5);
  });

  test("is full by its text, too", () => {
    const holding = new Holding(counter(), { entries: 1000, text: 10_000 });
    holding.add(records(20, 1, { message: "x".repeat(1000) }));
    expect(holding.fill).toBeGreaterThan(2);
    holding.trim();
    expect(holding.fill).toBeLessThanOrEqual(1);
    expect(holding.records).toBe(8);
  });

  test("takes back what a fork withdraws, of its stream alone and no further than its numbering", () => {
    const holding = new Holding(counter());
    holding.add([record("10-7")]);
    holding.addGap(gap({ count: null, reason: "epoch", before: "20-1" }));
    holding.add([record("20-1"), record("30-2"), record("40-3")]);
    holding.add([record("35-1", b)]);
    expect(holding.withdraw(gap({ reason: "fork", after: "20-1" }))).toBe(2);
    expect(shown(holding)).toBe("a10-7 epoch a20-1 b35-1");
    holding.add([record("25-2")]);
    expect(shown(holding)).toBe("a10-7 epoch a20-1 a25-2 b35-1");
    expect(holding.withdraw(gap({ reason: "fork", after: null }))).toBe(2);
    expect(shown(holding)).toBe("a10-7 epoch b35-1");
  });

  test("has history go on where a fork leads behind all that is held", () => {
    const holding = new Holding(counter());
    holding.add([record("951-951"), record("1000-1000")]);
    holding.withdraw(gap({ reason: "fork", after: "900-900" }));
    expect(holding.places.get("api")).toBe("900-901");
    holding.add([record("2000-901")]);
    expect(holding.isOlder(record("2000-901"))).toBe(false);
    expect(holding.isOlder(record("900-900"))).toBe(true);
    holding.clear();
    holding.withdraw(gap({ reason: "fork", after: null }));
    holding.add([record("3000-1")]);
    expect(holding.places.get("api")).toBe("3000-1");
  });

  test("has history go on where it did when a fork leaves some of what is held, or ends at another numbering", () => {
    const holding = new Holding(counter());
    holding.add([record("10-7"), record("11-8")]);
    holding.withdraw(gap({ reason: "fork", after: "10-7" }));
    expect(holding.places.get("api")).toBe("10-7");
    holding.addGap(gap({ count: null, reason: "epoch", before: "20-1" }));
    holding.add([record("20-1")]);
    holding.withdraw(gap({ reason: "fork", after: null }));
    expect(holding.places.get("api")).toBe("10-7");
  });

  test("removes what was cleared, and keeps what came later", () => {
    const holding = new Holding(counter());
    holding.add(records(3));
    holding.add([record("1001-1", b)]);
    expect(holding.remove("api", "1002-2")).toBe(2);
    expect(shown(holding)).toBe("b1001-1 a1003-3");
  });

  test("lets go of its end, which is new when it comes again", () => {
    const holding = new Holding(counter());
    holding.add(records(5));
    holding.cut(2);
    expect(holding.ends.get("api")).toBe("1003-3");
    expect(holding.isNew(record("1004-4"))).toBe(true);
    expect(holding.isNew(record("1003-3"))).toBe(false);
    holding.add(records(2, 4));
    expect(holding.records).toBe(5);
  });

  test("goes on from the newest when it was emptied", () => {
    const holding = new Holding(counter());
    holding.add(records(3));
    holding.clear();
    expect(holding.records).toBe(0);
    expect(holding.places.get("api")).toBe("1003-4");
    expect(holding.isNew(record("1003-3"))).toBe(false);
  });

  test("never gives a key again", () => {
    const holding = new Holding(counter(), { entries: 2, text: 1e9 });
    const keys = records(10)
      .flatMap((each) => holding.add([each]))
      .map(({ key }) => key);
    expect(new Set(keys).size).toBe(10);
  });
});
