import { describe, expect, test } from "vitest";
import { fit } from "../../src/keys/fuzzy.ts";

/** The texts that fit, best first. */
function found(wanted: string, ...texts: string[]): string[] {
  const fits = texts.flatMap((text) => {
    const fitting = fit(wanted, text);
    return fitting ? [{ text, ...fitting }] : [];
  });
  return fits.sort((one, other) => other.score - one.score).map(({ text }) => text);
}

/** The text with what fits in brackets. */
function marked(wanted: string, text: string): string | null {
  const places = fit(wanted, text)?.places;
  return places ? [...text].map((letter, place) => (places.includes(place) ? `[${letter}]` : letter)).join("") : null;
}

describe("a search by some letters", () => {
  test("finds texts that have them in their order, in any case", () => {
    expect(found("gl", "Go live", "Leg")).toEqual(["Go live"]);
    expect(found("PAUSE", "Pause or follow")).toEqual(["Pause or follow"]);
  });

  test("prefers the starts of words to what is within them", () => {
    expect(found("ne", "Line numbers", "Next error")).toEqual(["Next error", "Line numbers"]);
    expect(marked("ne", "down next error")).toBe("down [n]ext [e]rror");
    expect(marked("wb", "service worker.billing")).toBe("service [w]orker.[b]illing");
  });

  test("prefers letters that stand together", () => {
    expect(marked("row", "drop now rows")).toBe("drop now [r][o][w]s");
  });

  test("finds a way where the nearest word leads to none", () => {
    expect(marked("abc", "axbc bd")).toBe("[a]x[b][c] bd");
  });

  test("passes over blanks, and finds everything by nothing", () => {
    expect(marked("go  live", "Go live")).toBe("[G][o] [l][i][v][e]");
    expect(fit(" ", "anything")).toEqual({ score: 0, places: [] });
  });

  test("finds nothing where a letter is missing", () => {
    expect(fit("zz", "buzz".slice(0, 3))).toBeNull();
    expect(fit("a", "")).toBeNull();
  });
});
