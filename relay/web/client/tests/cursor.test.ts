import { expect, test } from "vitest";
import { numberOf, placesIn } from "../src/cursor.ts";

test.each([
  ["1763683200000-42", 42],
  ["0-0", 0],
  ["5-9007199254740991", 9007199254740991],
])("%s has its number", (id, n) => {
  expect(numberOf(id)).toBe(n);
});

test.each(["", "5", "5-", "-5", "5-x", "5-1-1", " 5-1", "5-1\n", "٥-١", 5, null, undefined, "5-12345678901234567"])(
  "%j is no stream ID",
  (id) => {
    expect(numberOf(id)).toBeNull();
  },
);

const places = (cursor: string) => Object.fromEntries(placesIn(cursor, "api"));

test.each([
  ["a bare one", "9-7", { api: { n: 7, epoch: "" } }],
  ["one of one stream", "9-7~4f1c~0", { api: { n: 7, epoch: "4f1c" } }],
  ["a time", "9-0", { api: { n: 0, epoch: "" } }],
  ["one that names no stream", "1763679600000", {}],
  ["one of several", "5~a~9-7~e~0~run:b~8-3~f~12", { a: { n: 7, epoch: "e" }, "run:b": { n: 3, epoch: "f" } }],
  [
    "one of streams named like IDs and epochs",
    "5~5-2~9-7~0~0~0~8-3~5-2~1",
    { "5-2": { n: 7, epoch: "0" }, "0": { n: 3, epoch: "5-2" } },
  ],
  ["none", "", {}],
])("%s says where it stands", (_, cursor, expected) => {
  expect(places(cursor)).toEqual(expected);
});
