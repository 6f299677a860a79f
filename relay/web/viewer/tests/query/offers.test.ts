import { describe, expect, test } from "vitest";
import { afterKey, NOTHING, type Offers } from "../../src/query/offers.ts";

const OPTIONS = ["level:", "level_number:"].map((text) => ({ text, label: text, detail: "key" }));
const BEGUN: Offers = { kind: "completions", start: 0, end: 3, options: OPTIONS };
const BEFORE: Offers = { kind: "queries", start: 0, end: 0, options: OPTIONS };

function after(key: string, offers: Offers, active = -1, text = "lev") {
  return afterKey({ key, shiftKey: false }, { offers, active, text });
}

describe("a key in the box", () => {
  test("goes through what is offered, and from its ends back to none", () => {
    expect(after("ArrowDown", BEGUN)).toMatchObject({ type: "active", active: 0 });
    expect(after("ArrowDown", BEGUN, 1)).toMatchObject({ type: "active", active: -1 });
    expect(after("ArrowUp", BEGUN)).toMatchObject({ type: "active", active: 1 });
    expect(after("ArrowUp", BEGUN, 0)).toMatchObject({ type: "active", active: -1 });
  });

  test("takes what is chosen", () => {
    for (const key of ["Enter", "Tab"])
      expect(after(key, BEGUN, 1)).toMatchObject({ type: "accept", offer: OPTIONS[1], prevent: true });
  });

  test("Tab takes the first completion of a word that was begun, and Enter takes the query as it is", () => {
    expect(after("Tab", BEGUN)).toMatchObject({ type: "accept", offer: OPTIONS[0] });
    expect(after("Enter", BEGUN)).toMatchObject({ type: "mean" });
  });

  test("Tab goes on where nothing was begun, or nothing is offered", () => {
    expect(after("Tab", { ...BEGUN, end: 0 })).toBeNull();
    expect(after("Tab", BEFORE)).toBeNull();
    expect(after("Tab", NOTHING)).toBeNull();
    expect(afterKey({ key: "Tab", shiftKey: true }, { offers: BEGUN, active: 0, text: "lev" })).toBeNull();
  });

  test("opens the queries before in an empty box", () => {
    expect(after("ArrowUp", NOTHING, -1, "")).toMatchObject({ type: "history", last: true });
    expect(after("ArrowDown", NOTHING, -1, "")).toMatchObject({ type: "history", last: false });
  });

  test("opens completions where there is a text", () => {
    expect(after("ArrowDown", NOTHING)).toMatchObject({ type: "complete" });
    expect(after("ArrowUp", NOTHING)).toBeNull();
  });

  test("Escape closes what is open, then leaves the box", () => {
    expect(after("Escape", BEGUN)).toMatchObject({ type: "hide" });
    expect(after("Escape", NOTHING)).toMatchObject({ type: "leave" });
  });

  test("leaves all others to the browser", () => {
    for (const key of ["a", "Home", "ArrowLeft", "Backspace"]) expect(after(key, BEGUN, 0)).toBeNull();
  });
});
