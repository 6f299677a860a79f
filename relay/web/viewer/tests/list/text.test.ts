import { describe, expect, it } from "vitest";
import { readColours } from "../../src/list/ansi.ts";
import { piecesOf, visible } from "../../src/list/text.ts";

/** Pieces as a reader would mark them up. */
function marked(text: string, hits: [number, number][] = [], colours = false): string[] {
  return piecesOf(text, hits, colours ? readColours() : null).map(({ text, hit, href, colour }) => {
    const parts = [hit && "hit", href && `→${href}`, colour?.classes, colour?.text, colour?.ground].filter(Boolean);
    return parts.length ? `${text} {${parts.join(" ")}}` : text;
  });
}

describe("a text", () => {
  it("is one piece when it is plain", () => {
    expect(marked("just words")).toEqual(["just words"]);
    expect(marked("")).toEqual([]);
  });

  it("shows what is invisible or would turn its direction", () => {
    expect(visible("a\x00b\x1b[2Jc\x7f\x85\u202e\u2066\u200f\u2028")).toBe(
      "a␀b␛[2Jc␡⟨U+0085⟩⟨U+202E⟩⟨U+2066⟩⟨U+200F⟩⟨U+2028⟩",
    );
  });

  it("keeps tabs and ends of lines, and what emoji are made of", () => {
    expect(visible("a\tb\r\nc\rd\n👩\u200d🚒")).toBe("a\tb\r\nc␍d\n👩\u200d🚒");
  });

  it("is cut where hits begin and end", () => {
    expect(
      marked("a cat, a cat", [
        [2, 5],
        [9, 12],
      ]),
    ).toEqual(["a ", "cat {hit}", ", a ", "cat {hit}"]);
  });

  it("has links, without the marks that end a sentence and what quotes them", () => {
    expect(marked('see https://a.example/x?y=1#z, "http://b.example" (https://c.example/).')).toEqual([
      "see ",
      "https://a.example/x?y=1#z {→https://a.example/x?y=1#z}",
      ', "',
      "http://b.example {→http://b.example}",
      '" (',
      "https://c.example/ {→https://c.example/}",
      ").",
    ]);
  });

  it("has no links but to the web", () => {
    for (const text of ["javascript://x/%0aalert(1)", "data:text/html,x", "https://", "xhttps:/a", "http://[bad"]) {
      expect(piecesOf(text).every(({ href }) => href === "")).toBe(true);
    }
  });

  it("has hits within links", () => {
    expect(marked("http://a.example/cart", [[17, 21]])).toEqual([
      "http://a.example/ {→http://a.example/cart}",
      "cart {hit →http://a.example/cart}",
    ]);
  });

  it("has as many pieces as can be drawn, whoever wrote it, and loses nothing", () => {
    const text = "\x1b[31mx".repeat(5_000);
    const pieces = piecesOf(text, [], readColours());
    expect(pieces.length).toBeLessThan(500);
    expect(pieces.map((piece) => piece.text).join("")).toBe("x".repeat(5_000));
    const hits = Array.from({ length: 3_000 }, (_, index): [number, number] => [index * 2, index * 2 + 1]);
    expect(piecesOf("ab".repeat(3_000), hits).length).toBeLessThan(1_000);
  });
});

describe("colours of terminals", () => {
  it("are taken out where they are not shown", () => {
    expect(marked("\x1b[1;31mred\x1b[0m\x1b[K and not")).toEqual(["red", " and not"]);
  });

  it("are read one after the other", () => {
    expect(marked("\x1b[31mred \x1b[1mbold \x1b[39mplain\x1b[0m none", [], true)).toEqual([
      "red  {ansi-fg-red}",
      "bold  {ansi-fg-red ansi-bold}",
      "plain {ansi-bold}",
      " none",
    ]);
  });

  it("have names for sixteen, and numbers for all others", () => {
    expect(marked("\x1b[94;41mx\x1b[0m\x1b[38;5;9mx\x1b[38;5;208mx\x1b[48;2;1;2;3mx", [], true)).toEqual([
      "x {ansi-fg-bright-blue ansi-bg-red}",
      "x {ansi-fg-bright-red}",
      "x {ansi-fg-any 255 135 0}",
      "x {ansi-fg-any ansi-bg-any 255 135 0 1 2 3}",
    ]);
    expect(marked("\x1b[38;5;244mx", [], true)).toEqual(["x {ansi-fg-any 128 128 128}"]);
  });

  it("hide nothing and do not blink", () => {
    expect(marked("\x1b[8mhidden\x1b[5m blinks", [], true)).toEqual(["hidden", " blinks"]);
  });

  it("leave hits and links where they are", () => {
    expect(marked("\x1b[31mred cat\x1b[0m http://a.example", [[9, 12]], true)).toEqual([
      "red  {ansi-fg-red}",
      "cat {hit ansi-fg-red}",
      " ",
      "http://a.example {→http://a.example}",
    ]);
  });

  it("leave sequences that are none as they are", () => {
    expect(marked("\x1b[31 m\x1b]0;title\x07\x1b[", [], true)).toEqual(["␛[31 m␛]0;title␇␛["]);
  });
});
