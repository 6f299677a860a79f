import { describe, expect, test } from "vitest";
import {
  exported,
  imported,
  MOST_VIEWS,
  nameProblem,
  renamedView,
  type SavedView,
  withoutView,
  withView,
} from "../../src/query/saved.ts";
import { EMPTY } from "../../src/state/address.ts";

const ERRORS: SavedView = { name: "errors", address: "?levels=error" };
const SLOW: SavedView = { name: "slow", address: "?query=duration_ms:%3E1s" };

describe("saved views", () => {
  test("are kept by name, with all of the view", () => {
    const views = withView([SLOW], " my  errors ", { ...EMPTY, levels: ["error"] });
    expect(views).toEqual([{ name: "my errors", address: "?levels=error" }, SLOW]);
  });

  test("take the place of what had the same name", () => {
    expect(withView([ERRORS, SLOW], "errors", { ...EMPTY, query: "boom" })).toEqual([
      { name: "errors", address: "?query=boom" },
      SLOW,
    ]);
  });

  test("are renamed and removed", () => {
    expect(renamedView([ERRORS, SLOW], "errors", "zz")).toEqual([SLOW, { ...ERRORS, name: "zz" }]);
    expect(renamedView([ERRORS], "nothing", "zz")).toEqual([ERRORS]);
    expect(withoutView([ERRORS, SLOW], "slow")).toEqual([ERRORS]);
  });

  test("need a name, and have a limit", () => {
    const views = Array.from({ length: MOST_VIEWS }, (_, place) => ({ name: `view ${place}`, address: "" }));
    expect(nameProblem([], "  ")).toContain("needs a name");
    expect(nameProblem(views, "one more")).toContain("the limit");
    expect(nameProblem(views, "view 7")).toBe("");
  });
});

describe("a file of views", () => {
  test("is read back", () => {
    expect(imported([], exported([ERRORS, SLOW]))).toEqual({ views: [ERRORS, SLOW], added: 2 });
  });

  test("adds to those there are, and takes the place of the same names", () => {
    const file = exported([{ ...ERRORS, address: "?query=boom" }]);
    expect(imported([ERRORS, SLOW], file).views).toEqual([{ name: "errors", address: "?query=boom" }, SLOW]);
  });

  test("brings nothing into the address but what a view says", () => {
    const address = "?query=a&gateways=http://elsewhere.example&token=x&tail=7";
    const { views } = imported([], JSON.stringify({ views: [{ name: "a", address }] }));
    expect(views).toEqual([{ name: "a", address: "?query=a" }]);
  });

  test.each([
    ["no JSON", "{", "is no JSON"],
    ["no list", "[]", "no list of views"],
    ["a view without a name", '{"views": [{"name": " ", "address": "?"}]}', "View 1"],
    ["a view without an address", '{"views": [{"name": "a", "address": ""}, {"name": "b"}]}', "View 2"],
    ["something else in the list", '{"views": [null]}', "View 1"],
  ])("with %s is refused whole", (_, text, problem) => {
    expect(() => imported([ERRORS], text)).toThrow(problem);
  });

  test("with more than there may be is refused", () => {
    const many = Array.from({ length: MOST_VIEWS }, (_, place) => ({ name: `view ${place}`, address: "" }));
    expect(() => imported([ERRORS], exported(many))).toThrow("more than");
  });
});
