import { describe, expect, test } from "vitest";
import { jsonOf, markdownOf, merge, sorted } from "../../src/export/bookmark_files.ts";
import { type Bookmark, LONGEST_NOTE, LONGEST_TEXT, MOST, nameOf, readBookmarks } from "../../src/export/notebook.ts";

const GATEWAY = "http://127.0.0.1:8000/";

function bookmark(change: Partial<Bookmark> = {}): Bookmark {
  return {
    stream: "api",
    id: "17-3",
    time: "2026-11-21T10:31:05.123Z",
    level: "ERROR",
    text: "no",
    note: "",
    ...change,
  };
}

describe("what a browser or a file holds", () => {
  test("is read when it is bookmarks, each record once", () => {
    expect(readBookmarks([bookmark(), bookmark({ note: "again" }), bookmark({ id: "18-4" })]).map(nameOf)).toEqual([
      "api/17-3",
      "api/18-4",
    ]);
  });

  test.each([
    null,
    5,
    "x",
    {},
    [null],
    [{}],
    [{ ...bookmark(), stream: "../x" }],
    [{ ...bookmark(), id: "javascript:" }],
  ])("is nothing when it is none: %j", (value) => {
    expect(readBookmarks(value)).toEqual([]);
  });

  test("is cut to what is kept, and what has another type is left out", () => {
    const [found] = readBookmarks([
      { ...bookmark(), text: "x".repeat(999), note: "y".repeat(9_999), level: 5, time: "soon" },
    ]);
    expect(found).toEqual({
      ...bookmark(),
      text: "x".repeat(LONGEST_TEXT),
      note: "y".repeat(LONGEST_NOTE),
      level: "",
      time: "",
    });
  });

  test("is never more than there is room for", () => {
    expect(readBookmarks(many(MOST + 5))).toHaveLength(MOST);
  });
});

describe("an import", () => {
  test("adds what is not there, and takes a note where there was none", () => {
    const own = [bookmark({ note: "mine" }), bookmark({ id: "18-4" })];
    const file = [
      bookmark({ note: "theirs" }),
      bookmark({ id: "18-4", note: "theirs" }),
      bookmark({ id: "19-5" }),
      "x",
    ];
    expect(merge(own, file)).toEqual({
      bookmarks: [bookmark({ note: "mine" }), bookmark({ id: "18-4", note: "theirs" }), bookmark({ id: "19-5" })],
      added: 1,
      known: 2,
      refused: 1,
    });
  });

  test("refuses what finds no room", () => {
    const { bookmarks, added, refused } = merge(many(MOST - 1), [bookmark({ stream: "a" }), bookmark({ stream: "b" })]);
    expect([bookmarks.length, added, refused]).toEqual([MOST, 1, 1]);
  });

  test("reads back what was exported", () => {
    const own = [bookmark({ note: "two\nlines" }), bookmark({ id: "9-1" })];
    expect(merge([], JSON.parse(jsonOf(own, GATEWAY))).bookmarks).toEqual(sorted(own));
  });
});

test("bookmarks stand in the order of their IDs as numbers", () => {
  const own = ["100-2", "9-1", "100-11"].map((id) => bookmark({ id }));
  expect(sorted(own).map(({ id }) => id)).toEqual(["9-1", "100-2", "100-11"]);
});

describe("Markdown", () => {
  test("has a link, the line and the note of each", () => {
    expect(markdownOf([bookmark({ text: "cannot pay", note: "ask Ada\n\nand Bob" })], GATEWAY)).toBe(
      "# Bookmarks\n\n- 2026-11-21T10:31:05.123Z `ERROR` [api/17-3](http://127.0.0.1:8000/r/api/17-3) `cannot pay`\n" +
        "  > ask Ada\n  > and Bob\n",
    );
  });

  test("has log text as nothing but text", () => {
    const text = markdownOf(
      [bookmark({ text: "a `b` ``c`` ![x](http://evil)\n# no heading", time: "", level: "" })],
      GATEWAY,
    );
    expect(text).toContain(
      "- [api/17-3](http://127.0.0.1:8000/r/api/17-3) ```a `b` ``c`` ![x](http://evil) # no heading```\n",
    );
    expect(markdownOf([bookmark({ text: "`x`" })], GATEWAY)).toContain("`` `x` ``");
  });
});

function many(count: number): Bookmark[] {
  return Array.from({ length: count }, (_, number) => bookmark({ id: `17-${number + 1}` }));
}
