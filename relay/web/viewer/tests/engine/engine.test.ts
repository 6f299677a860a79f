import { effect } from "@preact/signals";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import type { Command, Frame, Report } from "../../src/engine/protocol.ts";

/** Where workers would be, which happy-dom has not: what each is told. */
class StandIn {
  onmessage: ((event: MessageEvent<Report>) => void) | null = null;
  onerror: (() => void) | null = null;
  readonly told: Command["type"][] = [];

  postMessage(command: Command): void {
    this.told.push(command.type);
  }

  report(report: Report): void {
    this.onmessage?.(new MessageEvent("message", { data: report }));
  }
}

const workers: StandIn[] = [];

function begin(): { engine: Engine; worker: () => StandIn } {
  const start = () => {
    workers.push(new StandIn());
    return workers.at(-1) as unknown as Worker;
  };
  return { engine: new Engine(start, ["http://127.0.0.1/"], ""), worker: () => workers.at(-1) as StandIn };
}

const draws: FrameRequestCallback[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("requestAnimationFrame", (draw: FrameRequestCallback) => draws.push(draw));
});
afterEach(() => {
  // In this order: what was stubbed were the clock's own.
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("a worker that could not be loaded is begun again and told all", async () => {
  const { engine, worker } = begin();
  const first = worker();
  engine.pause(true);
  first.onerror?.();
  engine.find("boom");
  await vi.advanceTimersByTimeAsync(2_000);
  expect(worker()).not.toBe(first);
  expect(worker().told).toEqual(["begin", "pause", "find"]);
});

test("a worker that works is not begun again, whatever goes wrong in it", async () => {
  const { worker } = begin();
  const first = worker();
  first.report({ type: "services", services: [] });
  first.onerror?.();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(worker()).toBe(first);
});

test("a frame that cannot be drawn ends none that follow", () => {
  const { engine, worker } = begin();
  const end = effect(() => {
    if (engine.frame.value) throw new Error("cannot be drawn");
  });
  worker().report({ type: "frame", frame: { number: 1 } as Frame });
  expect(() => draws.shift()?.(0)).toThrow("cannot be drawn");
  expect(worker().told).toEqual(["begin", "drawn"]);
  end();
});

test("says when the worker hears what it is told", async () => {
  const { engine, worker } = begin();
  let begun = false;
  const told = engine.begun.then(() => {
    begun = true;
  });
  await Promise.resolve();
  expect(begun).toBe(false);
  worker().report({ type: "begun" });
  await told;
  expect(begun).toBe(true);
});
