import "./dom.ts";
import type { LogRecord } from "@tailrace/client";
import { flushSync } from "react-dom";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LogList } from "../src/index.ts";

const ROW = 20; // pixels

// The page's own layout, which happy-dom has none of: rows of one height in a box.
let height = 5 * ROW;
const resized: (() => void)[] = [];

const tops = new WeakMap<HTMLElement, number>();
Object.defineProperties(HTMLElement.prototype, {
  scrollTop: {
    get(this: HTMLElement) {
      return tops.get(this) ?? 0;
    },
    set(this: HTMLElement, top: number) {
      tops.set(this, Math.max(Math.min(top, this.scrollHeight - height), 0));
    },
  },
  clientHeight: { get: () => height },
  scrollHeight: {
    get(this: HTMLElement) {
      return Math.max(height, Number.parseFloat((this.firstElementChild as HTMLElement).style.height));
    },
  },
});
globalThis.ResizeObserver = class {
  constructor(changed: () => void) {
    resized.push(changed);
  }
  observe() {}
  unobserve() {}
  disconnect() {}
} as unknown as typeof ResizeObserver;

describe("LogList", () => {
  let root: Root;
  let place: HTMLElement;
  const told: boolean[] = [];

  beforeEach(() => {
    height = 5 * ROW;
    told.length = 0;
    place = document.body.appendChild(document.createElement("div"));
    root = createRoot(place);
  });

  afterEach(() => root.unmount());

  function show(logs: LogRecord[]): void {
    flushSync(() =>
      root.render(
        <LogList logs={logs} onFollow={(following) => told.push(following)}>
          {(record) => record.message}
        </LogList>,
      ),
    );
  }

  const list = () => place.firstElementChild as HTMLElement;
  const end = () => list().scrollHeight - height;

  function scroll(top: number): void {
    list().scrollTop = top;
    const page = list().ownerDocument.defaultView ?? globalThis;
    flushSync(() => list().dispatchEvent(new page.Event("scroll")));
  }

  /** The first record that is wholly seen. */
  const first = () => {
    const { paddingTop } = (list().firstElementChild as HTMLElement).style;
    return list().querySelectorAll("div > div > div")[(list().scrollTop - Number.parseFloat(paddingTop)) / ROW]
      ?.textContent;
  };

  it("stays at its end while more comes, also when as many leave", () => {
    const logs = numbered(0, 40);
    show(logs.slice(0, 20));
    expect(list().scrollTop).toBe(end());
    show(logs.slice(0, 30));
    expect(list().scrollTop).toBe(end());
    list().scrollTop -= ROW; // as if the page had been laid out anew, without anybody scrolling
    show(logs.slice(10, 40));
    expect([list().scrollTop, told]).toEqual([end(), []]);
  });

  it("stays at its end when its box gets smaller", () => {
    show(numbered(0, 40));
    height = 2 * ROW;
    flushSync(() => resized.at(-1)?.());
    expect(list().scrollTop).toBe(38 * ROW);
  });

  it("stands still for whoever scrolls up, and goes on at the end", () => {
    const logs = numbered(0, 60);
    show(logs.slice(0, 40));
    scroll(10 * ROW);
    expect([first(), told]).toEqual(["10", [false]]);
    show(logs.slice(0, 50));
    expect([first(), list().scrollTop]).toEqual(["10", 10 * ROW]);
    scroll(end());
    show(logs);
    expect([list().scrollTop, told]).toEqual([end(), [false, true]]);
  });

  it("keeps its place by what is seen when records leave above it", () => {
    const logs = numbered(0, 60);
    show(logs.slice(0, 40));
    scroll(30 * ROW);
    show(logs.slice(8, 48));
    expect(list().scrollTop).toBe(22 * ROW);
    scroll(22 * ROW);
    expect(first()).toBe("30");
  });

  it("keeps its place also when more leave before the page has told that it was scrolled", () => {
    const logs = numbered(0, 60);
    show(logs.slice(0, 40));
    scroll(30 * ROW);
    show(logs.slice(8, 48));
    show(logs.slice(12, 52));
    expect(list().scrollTop).toBe(18 * ROW);
  });

  it("is moved by nothing else when records leave above it", () => {
    show(numbered(0, 40));
    expect(list().style.overflowAnchor).toBe("none");
  });

  it("follows again when all that is left fits, though nobody scrolled", () => {
    show(numbered(0, 40));
    scroll(0);
    expect(told).toEqual([false]);
    show([]);
    expect(told).toEqual([false, true]);
    show(numbered(40, 80));
    expect(list().scrollTop).toBe(end());
  });
});

function numbered(from: number, to: number): LogRecord[] {
  return Array.from({ length: to - from }, (_, index) => made(from + index));
}

const records = new Map<number, LogRecord>();

/** The same object for the same number, as records are that stay. */
function made(n: number): LogRecord {
  const rest = { time: "", level: "INFO", level_number: 20, stream: "api", producer: "p", seq: n };
  const record = records.get(n) ?? { id: `9-${n}`, message: String(n), ...rest };
  records.set(n, record);
  return record;
}
