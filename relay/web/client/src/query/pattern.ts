import type { Span } from "./errors.ts";
import { type Expression, escaped, translate } from "./regex.ts";
import type { GlobPart, Pattern, RegexPattern } from "./syntax.ts";

/**
 * Who has the last word on regular expressions that JavaScript might take too long for. `local`: they are tried here
 * all the same. `server`: here any text passes, because a server, which takes linear time, has filtered already.
 */
export type RegexMode = "local" | "server";

export type TextTest = (text: string) => boolean;

// Characters of a text that expressions and globs look at, as on the server.
const SEEN = 1 << 16;

let lastText = "";
let lastLowered = "";

/** In lower case, as Unicode has it. Several words are looked for in one text after the other, so it is kept. */
export function lowered(text: string): string {
  if (text !== lastText) {
    lastLowered = text.toLowerCase();
    lastText = text;
  }
  return lastLowered;
}

/** The characters that expressions and globs look at. */
export function seen(text: string): string {
  if (text.length <= SEEN) return text;
  let end = 0;
  for (let count = 0; count < SEEN; count++) end += (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1;
  return text.slice(0, end);
}

/** Whether a pattern is the whole of a text, or with `anywhere` in it. What nobody knows here is `unknown`. */
export function textTest(pattern: Pattern, anywhere: boolean, mode: RegexMode, unknown: boolean): TextTest {
  if (pattern.type === "regex") return regexTest(translated(pattern), mode, unknown);
  if (pattern.type === "text") {
    const folded = pattern.text.toLowerCase();
    return anywhere ? (text) => lowered(text).includes(folded) : (text) => lowered(text) === folded;
  }
  const find = globFinder(pattern.parts, !anywhere);
  const [begin, any] = pattern.parts;
  if (!anywhere && pattern.parts.length === 2 && (isAny(begin) || isAny(any))) {
    return (text) => find(lowered(text), 0) !== null; // a beginning or an end, of texts of any length
  }
  return (text) => find(seen(lowered(text)), 0) !== null;
}

function regexTest({ compiled, longest, safe }: Compiled, mode: RegexMode, unknown: boolean): TextTest {
  if (!compiled || (mode === "server" && !safe)) return () => unknown;
  // Of longer texts no more is looked at anyway.
  const limit = mode === "server" && longest < SEEN ? longest : Number.POSITIVE_INFINITY;
  return (text) => (text.length > limit ? unknown : compiled.test(seen(text)));
}

/** Whether `textTest` of this pattern says what the server says. */
export function isExact(pattern: Pattern, mode: RegexMode): boolean {
  if (pattern.type !== "regex") return true;
  const { compiled, safe } = translated(pattern);
  return compiled !== null && (safe || mode === "local");
}

/** The first place, from an index on, where a pattern is found in a text (in lower case, but for expressions). */
export type Finder = (text: string, from: number) => Span | null;

/** What finds a pattern, to mark it; null where that is left to the server. */
export function finder(pattern: Pattern, mode: RegexMode): Finder | null {
  if (pattern.type === "glob") return globFinder(pattern.parts, false);
  if (pattern.type === "text") {
    const folded = pattern.text.toLowerCase();
    return (text, from) => place(folded, text, from);
  }
  const { compiled, source, flags, longest } = translated(pattern);
  if (!compiled || !isExact(pattern, mode)) return null;
  const global = new RegExp(source, `${flags}g`);
  const limit = mode === "server" ? Math.min(longest, SEEN) : SEEN;
  return (text, from) => place(global, text.slice(0, limit), from);
}

function place(pattern: RegExp | string, text: string, from: number): Span | null {
  if (typeof pattern === "string") {
    const start = text.indexOf(pattern, from);
    return start < 0 ? null : [start, start + pattern.length];
  }
  pattern.lastIndex = from;
  const match = pattern.exec(text);
  return match && [match.index, match.index + match[0].length];
}

/**
 * What stands between the `*` is looked for piece by piece, each from where the one before ended: linear time, which
 * one expression for all would not have.
 */
function globFinder(parts: readonly GlobPart[], whole: boolean): Finder {
  const runs: GlobPart[][] = [[]];
  for (const part of parts) {
    if (isAny(part)) runs.push([]);
    else runs.at(-1)?.push(part);
  }
  const pieces = runs
    .map((run, place) => piece(run, whole && place === 0, whole && place === runs.length - 1))
    .filter((each) => each !== "");
  return (text, from) => {
    let start = -1;
    let end = from;
    for (const each of pieces) {
      const found = place(each, text, end);
      if (!found) return null;
      if (start < 0) start = found[0];
      end = found[1];
    }
    return [start, end];
  };
}

/** Text, and `?` for one character; perhaps only at the beginning or at the end. */
function piece(run: readonly GlobPart[], isFirst: boolean, isLast: boolean): RegExp | string {
  const texts = run.map((part) => (typeof part === "string" ? part.toLowerCase() : null));
  if (!isFirst && !isLast && !texts.includes(null)) return texts.join("");
  const source = texts.map((text) => (text === null ? "[^]" : Array.from(text, escaped).join(""))).join("");
  return new RegExp(`${isFirst ? "^" : ""}${source}${isLast ? "$" : ""}`, "gu");
}

function isAny(part: GlobPart | undefined): boolean {
  return typeof part === "object" && part.any;
}

interface Compiled extends Expression {
  /** Null where JavaScript has no expression that means the same. */
  compiled: RegExp | null;
}

function translated({ expression, ignoreCase }: RegexPattern): Compiled {
  const found = translate(expression, ignoreCase);
  return { ...found, compiled: found.strange ? null : new RegExp(found.source, found.flags) };
}
