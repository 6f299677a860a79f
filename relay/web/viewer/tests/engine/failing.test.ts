// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Page } from "./page.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

test("what failed without anybody asking is told for a while, and no longer", async () => {
  // Nobody listens there.
  const page = new Page(["http://127.0.0.1:9"]);
  page.exchange.fail(new Error("broken"));
  await vi.advanceTimersByTimeAsync(100);
  expect(page.frame.refusal?.message).toBe("broken");
  await vi.advanceTimersByTimeAsync(5_000);
  page.exchange.fail(new Error("broken again"));
  await vi.advanceTimersByTimeAsync(12_000);
  expect(page.frame.refusal?.message).toBe("broken again");
  await vi.advanceTimersByTimeAsync(4_000);
  page.exchange.close();
  expect(page.frame.refusal).toBeNull();
});
