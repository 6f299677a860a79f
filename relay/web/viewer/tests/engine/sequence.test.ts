// @vitest-environment node
import { expect, test } from "vitest";
import { type Entry, recordEntry } from "../../src/engine/entry.ts";
import { Sequence } from "../../src/engine/sequence.ts";
import { record } from "./records.ts";

let key = 0;
const entry = (at: number, stream = "api"): Entry => recordEntry(record(`${at}-1`, { stream }), ++key, at);
const places = (sequence: Sequence) => [...sequence].map(({ at, stream }) => `${at}${stream[0]}`).join(" ");

test("what comes late goes where it belongs, behind its equals", () => {
  const sequence = new Sequence();
  sequence.insert([entry(1), entry(3), entry(5)]);
  const late = entry(3);
  sequence.insert([late, entry(4), entry(9)]);
  expect(places(sequence)).toBe("1a 3a 3a 4a 5a 9a");
  expect(sequence.indexOf(late)).toBe(2);
});

test("what is older goes before its equals, also where it is older than only some", () => {
  const sequence = new Sequence();
  sequence.insert([entry(3, "b"), entry(5)]);
  const older = entry(3, "b");
  sequence.prepend([entry(1), older]);
  sequence.prepend([entry(2), entry(4)]);
  expect(places(sequence)).toBe("1a 2a 3b 3b 4a 5a");
  expect(sequence.indexOf(older)).toBe(2);
});

test("dropping from the front goes on for ever without keeping what was dropped", () => {
  const sequence = new Sequence();
  const one = record("1-1");
  for (let at = 0; at < 60_000; at += 1000) {
    sequence.insert(Array.from({ length: 1000 }, (_, index) => recordEntry(one, at + index, at + index)));
    if (sequence.length > 5000) sequence.drop(sequence.length - 5000);
  }
  expect([sequence.length, sequence.at(0)?.at, sequence.at(4999)?.at]).toEqual([5000, 55_000, 59_999]);
  expect(sequence.at(-1)).toBeUndefined();
  expect(sequence.at(5000)).toBeUndefined();
});

test("history goes in front, page by page, and what is there stays where it is", () => {
  const sequence = new Sequence();
  sequence.insert([entry(100_000)]);
  for (let at = 99_000; at >= 90_000; at -= 1000)
    sequence.prepend(Array.from({ length: 10 }, (_, index) => entry(at + index)));
  sequence.drop(5);
  sequence.prepend([entry(1)]);
  expect(sequence.length).toBe(97);
  const order = [...sequence].map(({ at }) => at);
  expect(order).toEqual([...order].sort((a, b) => a - b));
});

test("it is searched in both directions", () => {
  const sequence = new Sequence();
  sequence.insert([entry(1), entry(2, "b"), entry(3), entry(4, "b")]);
  const isB = ({ stream }: Entry) => stream === "b";
  expect(sequence.find(0, true, isB)).toBe(1);
  expect(sequence.find(2, false, isB)).toBe(1);
  expect(sequence.find(2, true, isB)).toBe(3);
  expect(sequence.find(0, false, isB)).toBe(-1);
});
