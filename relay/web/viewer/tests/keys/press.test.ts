import { describe, expect, test } from "vitest";
import { legend } from "../../src/keys/legend.ts";
import { hasModifier, matches, type Press } from "../../src/keys/press.ts";

function press(key: string, more: Partial<Press> = {}): Press {
  return { key, code: "", ctrlKey: false, altKey: false, shiftKey: false, metaKey: false, ...more };
}

describe("a key", () => {
  test("is the letter in its case", () => {
    expect(matches("g", press("g"))).toBe(true);
    expect(matches("g", press("G", { shiftKey: true }))).toBe(false);
    expect(matches("G", press("G", { shiftKey: true }))).toBe(true);
  });

  test("is the same with Caps Lock", () => {
    expect(matches("g", press("G"))).toBe(true);
    expect(matches("G", press("g", { shiftKey: true }))).toBe(true);
  });

  test("is a sign, however a keyboard makes it", () => {
    expect(matches("?", press("?", { shiftKey: true }))).toBe(true);
    expect(matches("?", press("?"))).toBe(true);
    const altGr = { ctrlKey: true, altKey: true, getModifierState: (key: string) => key === "AltGraph" };
    expect(matches("[", press("[", altGr))).toBe(true);
    expect(hasModifier(press("[", altGr))).toBe(false);
  });

  test("is found by its place where the keyboard has no Latin letters", () => {
    expect(matches("j", press("о", { code: "KeyJ" }))).toBe(true);
    expect(matches("G", press("П", { code: "KeyG", shiftKey: true }))).toBe(true);
  });

  test("stays what a Latin keyboard says, wherever the key is", () => {
    expect(matches("y", press("z", { code: "KeyY" }))).toBe(false);
  });

  test("is another one with Ctrl, Alt or Cmd", () => {
    for (const modifier of ["ctrlKey", "altKey", "metaKey"] as const)
      expect(matches("f", press("f", { [modifier]: true }), false)).toBe(false);
  });

  test("with a name tells Shift apart", () => {
    expect(matches("Enter", press("Enter", { shiftKey: true }))).toBe(false);
    expect(matches("Shift+Enter", press("Enter", { shiftKey: true }))).toBe(true);
  });
});

describe("Mod", () => {
  test("is Ctrl, on a Mac Cmd", () => {
    expect(matches("Mod+k", press("k", { ctrlKey: true }), false)).toBe(true);
    expect(matches("Mod+k", press("k", { metaKey: true }), false)).toBe(false);
    expect(matches("Mod+k", press("k", { metaKey: true }), true)).toBe(true);
    expect(matches("Mod+k", press("k", { ctrlKey: true }), true)).toBe(false);
  });

  test("tells Shift apart, also for letters", () => {
    expect(matches("Mod+k", press("K", { ctrlKey: true, shiftKey: true }), false)).toBe(false);
    expect(matches("Mod+Shift+k", press("K", { ctrlKey: true, shiftKey: true }), false)).toBe(true);
  });

  test("goes with the plus sign, too", () => {
    expect(matches("Mod++", press("+", { ctrlKey: true }), false)).toBe(true);
  });
});

describe("what is written for a key", () => {
  test.each([
    ["Mod+k", false, "Ctrl K"],
    ["Mod+k", true, "⌘ K"],
    [" ", false, "Space"],
    ["Escape", false, "Esc"],
    ["G", false, "G"],
    ["g", false, "g"],
    ["Shift+ArrowDown", false, "Shift ↓"],
    ["[", true, "["],
  ])("%s, on a Mac: %s, is %s", (name, mac, written) => {
    expect(legend(name, mac).join(" ")).toBe(written);
  });
});
