// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ARRIVALS, Frames } from "../../src/engine/frames.ts";
import type { Frame } from "../../src/engine/protocol.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function made() {
  const sent: number[] = [];
  const frames = new Frames(
    (number) => ({ number }) as Frame,
    ({ number }) => sent.push(number),
  );
  return { frames, sent };
}

test("the next frame waits until the last was drawn", () => {
  const { frames, sent } = made();
  frames.changed();
  vi.advanceTimersByTime(100);
  frames.changed();
  vi.advanceTimersByTime(100_000);
  expect(sent).toEqual([1]);
  frames.drawn(1);
  vi.advanceTimersByTime(100);
  expect(sent).toEqual([1, 2]);
});

test("without a change no frame is sent", () => {
  const { frames, sent } = made();
  frames.changed();
  vi.advanceTimersByTime(100);
  frames.drawn(1);
  vi.advanceTimersByTime(100_000);
  expect(sent).toEqual([1]);
});

test("however fast they are drawn, frames come no faster than a screen shows them", () => {
  const { frames, sent } = made();
  for (let ms = 0; ms < 160; ms += 1) {
    frames.changed();
    vi.advanceTimersByTime(1);
    frames.drawn(sent.at(-1) ?? 0);
  }
  expect(sent.length).toBeGreaterThan(7);
  expect(sent.length).toBeLessThanOrEqual(11);
});

test("a frame that is not the last one is no reason for another", () => {
  const { frames, sent } = made();
  frames.changed();
  vi.advanceTimersByTime(100);
  frames.changed();
  frames.drawn(0);
  vi.advanceTimersByTime(100);
  expect(sent).toEqual([1]);
});

test("what comes by itself is drawn less often than a screen could", () => {
  const { frames, sent } = made();
  for (let ms = 0; ms < 1000; ms += 1) {
    frames.changed(ARRIVALS);
    vi.advanceTimersByTime(1);
    frames.drawn(sent.at(-1) ?? 0);
  }
  expect(sent.length).toBeGreaterThan(7);
  expect(sent.length).toBeLessThanOrEqual(11);
});

test("what a person does is drawn at once, whatever came just before", () => {
  const { frames, sent } = made();
  frames.changed(ARRIVALS);
  vi.advanceTimersByTime(1);
  frames.drawn(1);
  frames.changed(ARRIVALS);
  frames.changed();
  frames.changed(ARRIVALS);
  vi.advanceTimersByTime(20);
  expect(sent).toEqual([1, 2]);
});
