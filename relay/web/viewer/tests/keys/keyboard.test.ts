import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Action } from "../../src/state/actions.ts";

// A table of this file's own: others declare actions, too.
vi.resetModules();
const { listenForKeys, singleKeys } = await import("../../src/keys/keyboard.ts");
const { declare } = await import("../../src/state/actions.ts");
const { close, open } = await import("../../src/state/dialog.ts");

afterAll(() => {
  vi.resetModules();
});

let done: string[];
let stop: () => void;
let possible = true;

function action(name: string, keys: string[], group: Action["group"] = "Page"): void {
  declare({ name, label: name, group, keys, run: () => done.push(name), when: () => possible });
}

action("pause", [" "]);
action("open", ["Enter"]);
action("down", ["j", "ArrowDown"], "Moving");
action("palette", ["Mod+k"]);
action("copy", ["Mod+c"]);
action("errors", ["5"]);
action("back", ["Escape"]);

beforeEach(() => {
  done = [];
  possible = true;
  stop = listenForKeys();
});

afterEach(() => {
  stop();
  close();
  singleKeys.value = true;
  document.body.replaceChildren();
});

/** What happens when a key is pressed in an element: the names of actions, and whether the browser is left to it. */
function press(key: string, where: Element = document.body, more: KeyboardEventInit = {}): boolean {
  return where.dispatchEvent(
    new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, composed: true, ...more }),
  );
}

function add(tag: string, attributes: Record<string, string> = {}): HTMLElement {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  document.body.append(element);
  return element;
}

describe("the keyboard", () => {
  test("runs the action of a key, and the browser does nothing more", () => {
    expect(press("j")).toBe(false);
    expect(done).toEqual(["down"]);
  });

  test("leaves other keys, and actions that cannot be done, to the browser", () => {
    expect(press("F5")).toBe(true);
    possible = false;
    expect(press("j")).toBe(true);
    expect(done).toEqual([]);
  });

  test.each([
    ["input", {}],
    ["input", { type: "search" }],
    ["textarea", {}],
    ["select", {}],
    ["div", { contenteditable: "true" }],
  ])("does nothing of what is typed in %s %o", (tag, attributes) => {
    const field = add(tag, attributes);
    for (const key of ["j", " ", "Enter", "5", "ArrowDown", "Escape"]) press(key, field);
    press("c", field, { ctrlKey: true });
    expect(done).toEqual([]);
  });

  test("hears keys with Ctrl in a text field, too", () => {
    press("k", add("input"), { ctrlKey: true });
    expect(done).toEqual(["palette"]);
  });

  test("leaves Space and Enter to what is pressed by them", () => {
    for (const element of [
      add("button"),
      add("a", { href: "#" }),
      add("summary"),
      add("input", { type: "checkbox" }),
    ]) {
      press(" ", element);
      press("Enter", element);
    }
    expect(done).toEqual([]);
    press("5", add("button"));
    expect(done).toEqual(["errors"]);
  });

  test("leaves arrows to what is moved by them", () => {
    press("ArrowDown", add("div", { role: "listbox" }));
    press("ArrowDown", add("div", { role: "separator" }));
    expect(done).toEqual([]);
    press("ArrowDown", add("div", { role: "log" }));
    expect(done).toEqual(["down"]);
  });

  test("is silent while a dialog is open", () => {
    open(() => new Promise(() => {}));
    press("j");
    press("k", document.body, { ctrlKey: true });
    expect(done).toEqual([]);
  });

  test("does not hear what somebody else has heard, or what is being composed", () => {
    const box = add("div");
    box.addEventListener("keydown", (event) => event.preventDefault());
    press("j", box);
    press("j", document.body, { isComposing: true });
    expect(done).toEqual([]);
  });

  test("goes on moving while a key is held, and toggles once", () => {
    press("j", document.body, { repeat: true });
    press("5", document.body, { repeat: true });
    expect(done).toEqual(["down"]);
  });

  test("can do without single keys", () => {
    singleKeys.value = false;
    press("j");
    press(" ");
    press("k", document.body, { ctrlKey: true });
    press("Escape");
    expect(done).toEqual(["palette", "back"]);
  });
});
