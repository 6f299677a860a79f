import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { paced } from "../../src/time/paced.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("it asks at once, and then once for all that changes within the rest", async () => {
  const ask = vi.fn(async () => {});
  const { changed } = paced(ask, 300);
  for (let time = 0; time < 3; time++) changed();
  expect(ask).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(299);
  expect(ask).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(ask).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(ask).toHaveBeenCalledTimes(2);
});

test("it waits for the last answer, however long that takes", async () => {
  let answer = () => {};
  const ask = vi.fn(() => new Promise<void>((resolve) => (answer = resolve)));
  const { changed } = paced(ask, 300);
  changed();
  changed();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(ask).toHaveBeenCalledTimes(1);
  answer();
  await vi.advanceTimersByTimeAsync(0);
  expect(ask).toHaveBeenCalledTimes(2);
});

test("what failed is asked again later", async () => {
  const ask = vi.fn(async () => {});
  ask.mockRejectedValueOnce(new Error("away"));
  const { changed, stop } = paced(ask, 300);
  changed();
  await vi.advanceTimersByTimeAsync(1_999);
  expect(ask).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(ask).toHaveBeenCalledTimes(2);
  stop();
});

test("stopped, it asks no more", async () => {
  const ask = vi.fn(async () => {});
  const { changed, stop } = paced(ask, 300);
  changed();
  changed();
  stop();
  changed();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(ask).toHaveBeenCalledTimes(1);
});
