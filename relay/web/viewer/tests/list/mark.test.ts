import { describe, expect, it } from "vitest";
import type { RecordRow, Row } from "../../src/engine/rows.ts";
import { markOf, whereIs } from "../../src/list/mark.ts";

const LIST = { from: 0, to: 100 };

function row(key: number, number: number): Row {
  return { type: "record", key, number, stream: "api", id: `5-${key}`, time: 1_000 + key } as RecordRow;
}

describe("what the reader is at", () => {
  it("is known by key, name and time", () => {
    expect(markOf(row(7, 3))).toEqual({ key: 7, number: 3, id: "api/5-7", time: 1_007 });
    const gap = { type: "gap", key: 8, number: 4 } as Row;
    expect(markOf(gap)).toEqual({ key: 8, number: 4, id: "", time: null });
  });

  it("is where its record stands, also when that was moved", () => {
    expect(whereIs(markOf(row(7, 3)), [row(6, 3), row(7, 4)], LIST)).toBe(4);
  });

  it("is lost when another record stands there, or the list does not go so far", () => {
    expect(whereIs(markOf(row(7, 3)), [row(6, 3)], LIST)).toBe("lost");
    expect(whereIs(markOf(row(7, 3)), [], { from: 5, to: 100 })).toBe("lost");
    expect(whereIs(markOf(row(7, 300)), [], LIST)).toBe("lost");
  });

  it("is unknown while its row is not here", () => {
    expect(whereIs(markOf(row(7, 3)), [row(50, 50)], LIST)).toBe("unknown");
  });
});
