import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Action } from "../../src/state/actions.ts";

// The page's key map: what each key is for, by the name of its action.
const KEYS: Record<string, string> = {
  "/": "query",
  " ": "pause",
  j: "next-row",
  k: "previous-row",
  Enter: "expand",
  e: "next-error",
  E: "previous-error",
  w: "next-warning",
  W: "previous-warning",
  n: "next-hit",
  N: "previous-hit",
  g: "first-row",
  G: "live",
  t: "jump",
  c: "context",
  m: "mark",
  u: "next-mark",
  U: "previous-mark",
  o: "next-of-trace",
  O: "previous-of-trace",
  y: "copy-link",
  Y: "copy-command",
  x: "hide-field",
  i: "histogram",
  "1": "level-trace",
  "2": "level-debug",
  "3": "level-info",
  "4": "level-warning",
  "5": "level-error",
  "6": "level-critical",
  "[": "minute-back",
  "]": "minute-forward",
  "?": "help",
  "Mod+k": "palette",
  "Mod+f": "find",
  Escape: "back",
};

/** What browsers, their help and their tabs do by keys, and people expect them to do everywhere. */
const BROWSERS = [
  ...["n", "t", "w", "r", "l", "p", "s", "o", "d", "h", "j", "u", "a", "x", "v", "z", "y", "+", "-", "0"].map(
    (key) => `Mod+${key}`,
  ),
  ...[
    "Mod+Shift+t",
    "Mod+Shift+n",
    "Mod+Shift+w",
    "Mod+Shift+r",
    "Mod+Shift+i",
    "Mod+Tab",
    "Mod+PageDown",
    "Mod+PageUp",
  ],
  ...[
    "Tab",
    "Shift+Tab",
    "F1",
    "F3",
    "F5",
    "F6",
    "F7",
    "F11",
    "F12",
    "Alt+ArrowLeft",
    "Alt+ArrowRight",
    "Alt+d",
    "Alt+f",
  ],
];

let actions: Action[];

beforeAll(async () => {
  // happy-dom has no workers; nothing here asks one.
  vi.stubGlobal(
    "Worker",
    class {
      postMessage(): void {}
    },
  );
  // A table of this file's own: others declare actions, too.
  vi.resetModules();
  await import("../../src/app.tsx");
  await import("../../src/furnishing.tsx");
  await import("../../src/query/controls.tsx");
  actions = (await import("../../src/state/actions.ts")).allActions();
});

afterAll(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

describe("the actions of the whole page", () => {
  test("are there for every key of the map", () => {
    const found = Object.fromEntries(
      Object.keys(KEYS).map((key) => [key, actions.find((action) => action.keys.includes(key))?.name]),
    );
    expect(found).toEqual(KEYS);
  });

  test("never share a key", () => {
    const keys = actions.flatMap(({ keys }) => keys.map(same));
    expect(keys.filter((key, place) => keys.indexOf(key) !== place)).toEqual([]);
  });

  test("take no key that browsers are known for", () => {
    const taken = BROWSERS.map(same);
    expect(actions.flatMap(({ keys }) => keys).filter((key) => taken.includes(same(key)))).toEqual([]);
  });

  test("say in a few words what they do, each its own", () => {
    for (const { name, label } of actions) {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(label.length, label).toBeLessThan(64);
    }
    expect(new Set(actions.map(({ label }) => label)).size).toBe(actions.length);
  });
});

/** A letter alone is told apart by its case, and with a modifier by Shift. */
function same(key: string): string {
  return key.length === 1 ? key : key.toLowerCase();
}
