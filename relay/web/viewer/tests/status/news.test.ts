import { describe, expect, test } from "vitest";
import { newsIn, PAUSE, type Told } from "../../src/status/news.ts";
import { type FrameChange, frameOf } from "./stage.ts";

/** What is said of frames that come at these times. */
function said(...frames: [at: number, change: FrameChange][]): string[] {
  let told: Told | null = null;
  return frames.map(([at, change]) => {
    const news = newsIn(told, frameOf(change), at);
    told = news.told;
    return news.text;
  });
}

const records = (much: number, error = 0): FrameChange => ({ proof: { records: much }, totals: { error } });

describe("what screen readers are told", () => {
  test("is how many records came, at most every five seconds", () => {
    const texts = said([0, records(100)], [1, records(101)], [PAUSE, records(112, 1)], [PAUSE + 1, records(113, 1)]);
    expect(texts).toEqual(["Connected", "", "12 new records, 1 error", ""]);
  });

  test("is what came within the pause behind it", () => {
    const texts = said([0, records(1)], [PAUSE, records(2)], [PAUSE + 10, records(5)], [2 * PAUSE, records(5)]);
    expect(texts).toEqual(["Connected", "1 new record", "", "3 new records"]);
  });

  test("is a change of the connection at once", () => {
    const lost: FrameChange = { state: { connection: "disconnected" } };
    expect(said([0, {}], [10, lost], [20, lost], [30, {}])).toEqual(["Connected", "Disconnected", "", "Connected"]);
  });

  test("is not that it begins to connect", () => {
    expect(said([0, { state: { connection: "connecting" } }])).toEqual([""]);
  });

  test("is nothing of what was kept, is asked anew, or lies in the past", () => {
    const catchingUp: FrameChange = { ...records(90), state: { live: false } };
    const texts = said([0, {}], [PAUSE, catchingUp], [2 * PAUSE, records(92)], [3 * PAUSE, records(94)]);
    expect(texts).toEqual(["Connected", "", "", "2 new records"]);
    const fast = said([0, { state: { live: false } }], [PAUSE, records(90)], [2 * PAUSE, records(91)]);
    expect(fast).toEqual(["Connected", "", "1 new record"]);
    expect(said([0, {}], [PAUSE, { ...records(90), pending: true }])[1]).toBe("");
    expect(said([0, {}], [PAUSE, { ...records(90), mode: "past" }])[1]).toBe("");
    expect(said([0, records(90)], [PAUSE, records(3)], [2 * PAUSE, records(4)])).toEqual([
      "Connected",
      "",
      "1 new record",
    ]);
  });
});
