// Where the worker would be, in tests of what is drawn: it writes down what it is told, and the test says what it reports.
import { type ComponentChild, render } from "preact";
import { NO_PROOF } from "../../src/engine/following.ts";
import type { CallName, Command, Frame, Report } from "../../src/engine/protocol.ts";
import { EMPTY } from "../../src/state/address.ts";

const ASKING = ["call", "histogram", "locate", "record"] as const;

type Call = Extract<Command, { type: (typeof ASKING)[number] }>;
type Answered = CallName | Call["type"];

class StandIn {
  onmessage: ((event: MessageEvent<Report>) => void) | null = null;

  constructor() {
    worker = this;
  }

  postMessage(command: Command): void {
    told.push(command);
    if (isCall(command)) queueMicrotask(() => this.#answer(command));
  }

  report(report: Report): void {
    this.onmessage?.(new MessageEvent("message", { data: report }));
  }

  #answer(call: Call): void {
    const { ask } = call;
    try {
      const value = call.type === "call" ? answers[call.name]?.(...(call.call as never[])) : answers[call.type]?.();
      this.report({ type: "answer", ask, value });
    } catch (error) {
      const { message, code = "failed" } = error as Error & { code?: string };
      this.report({ type: "failed", ask, code, message });
    }
  }
}

function isCall(command: Command): command is Call {
  return (ASKING as readonly string[]).includes(command.type);
}

let worker: StandIn | null = null;
let frames = 0;

/** All that the worker was told. */
export const told: Command[] = [];

/** What it answers to calls; throwing refuses. */
export const answers: Partial<Record<Answered, (...call: never[]) => unknown>> = {};

globalThis.Worker = StandIn as unknown as typeof Worker;

export function report(what: Report): void {
  worker?.report(what);
}

/** Draws a frame. */
export async function draw(change: FrameChange = {}): Promise<void> {
  report({ type: "frame", frame: frameOf(change) });
  await until(() => told.some((each) => each.type === "drawn" && each.frame === frames), "the frame to be drawn");
  await settled();
}

export type FrameChange = Partial<Omit<Frame, "state" | "proof" | "totals">> & {
  state?: Partial<Frame["state"]>;
  proof?: Partial<Frame["proof"]>;
  totals?: Partial<Frame["totals"]>;
};

/** A frame of a connection that is well and has brought nothing yet, but for the changes. */
export function frameOf(change: FrameChange = {}): Frame {
  const list = { first: 0, count: 0, records: 0, hits: 0, unseen: { records: 0, errors: 0 }, rows: [] };
  const { state, proof, totals, ...rest } = change;
  return {
    number: ++frames,
    lists: { all: list, system: list, audit: list },
    state: { ...CONNECTED, ...state },
    proof: { ...NO_PROOF, ...proof },
    opened: null,
    mode: "live",
    more: { older: false, newer: false },
    pending: false,
    refusal: null,
    held: 0,
    capacity: 200_000,
    left: 0,
    totals: { trace: 0, debug: 0, info: 0, warning: 0, error: 0, critical: 0, ...totals },
    span: null,
    rate: 0,
    lag: null,
    streams: [],
    known: null,
    ...rest,
  };
}

const CONNECTED: Frame["state"] = {
  connection: "connected",
  live: true,
  gateway: "web-1",
  url: "http://127.0.0.1:8000/",
  transport: "websocket",
  cursor: "1763683200000-42~4f1c~0",
  reconnects: 0,
  retryAt: null,
  error: null,
};

/** Shows something in an empty page. */
export async function show(what: ComponentChild): Promise<HTMLElement> {
  render(null, document.body);
  render(what, document.body);
  await settled();
  return document.body;
}

/** Everything as when a page is opened without an address of its own. */
export async function reset(): Promise<void> {
  const { servicesStreams, view } = await import("../../src/state/view.ts");
  const { following, paused } = await import("../../src/state/reading.ts");
  render(null, document.body);
  await settled(); // what components did ends a moment after them
  view.value = EMPTY;
  servicesStreams.value = [];
  following.value = { all: true, system: true, audit: true };
  paused.value = false;
  told.length = 0;
  for (const name of Object.keys(answers)) delete answers[name as Answered];
}

/** Whatever was changed is drawn: components draw in a microtask, and their effects come behind the animation frame after it. */
export async function settled(): Promise<void> {
  for (let frames = 0; frames < 2; frames++) {
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
  }
}

export async function until(condition: () => unknown, what: string): Promise<void> {
  for (const end = Date.now() + 5_000; Date.now() < end; await settled()) if (condition()) return;
  throw new Error(`waited in vain for ${what}: ${document.body.textContent}`);
}

/** The texts of all that a selector finds. */
export function texts(selector: string): string[] {
  return [...document.querySelectorAll(selector)].map((element) => element.textContent.trim());
}

export function find<T extends HTMLElement = HTMLElement>(selector: string): T {
  const found = document.querySelector<T>(selector);
  if (!found) throw new Error(`nothing is ${selector}: ${document.body.innerHTML}`);
  return found;
}

export async function press(element: HTMLElement, key: string, more: KeyboardEventInit = {}): Promise<void> {
  element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
  await settled();
}

export async function click(element: HTMLElement): Promise<void> {
  element.click();
  await settled();
}

export async function fill(element: HTMLInputElement, text: string): Promise<void> {
  element.value = text;
  element.dispatchEvent(new Event("input", { bubbles: true }));
  await settled();
}
