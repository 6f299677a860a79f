import { characters, QueryError } from "./errors.ts";
import { keyAt, unescapeKey } from "./key.ts";
import type { GlobPart, Pattern } from "./syntax.ts";

// What a regular expression ends at: the first slash that has no backslash before it, where the word ends, too. Where
// it does not, the slash that seemed to begin it is an ordinary character: /api/users is a path.
const REGEX = /\/((?:[^/\\\n]|\\[^\n])+)\/(i?)(?=[ \t\r\n()]|$)/uy;
const PHRASE = /"((?:[^"\\]|\\.)*)"/sy;
const WORD = /(?:[^ \t\r\n()"\\]|\\[ \t\r\n()"\\]?)+/y;

/** A pattern and its place; `raw` is a word as it was written, null for phrases and regular expressions. */
export interface Piece {
  pattern: Pattern;
  start: number;
  end: number;
  raw: string | null;
}

/** Stands at a place in a query's text, an index of JavaScript; what is taken moves it on. */
export class Scanner {
  place = 0;
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** The character here; empty at the end. */
  get next(): string {
    return this.text.charAt(this.place);
  }

  /** @throws {QueryError} from one index to another. */
  fail(message: string, start: number, end = start): never {
    throw new QueryError(message, characters(this.text.slice(0, start)), characters(this.text.slice(start, end)));
  }

  /** Passes over what a sticky expression matches here. */
  match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.place;
    const found = pattern.exec(this.text);
    if (found) this.place = pattern.lastIndex;
    return found;
  }

  skipBlanks(): void {
    this.match(/[ \t\r\n]*/y);
  }

  /** Passes over `literal`, if it stands here. */
  take(literal: string): boolean {
    const found = this.text.startsWith(literal, this.place);
    if (found) this.place += literal.length;
    return found;
  }

  /** Whether a whole word stands here. */
  isAt(keyword: string): boolean {
    const end = this.text.charAt(this.place + keyword.length);
    return this.text.startsWith(keyword, this.place) && /^[ \t\r\n()"]?$/.test(end);
  }

  /** Passes over a key and its colon. */
  takeKey(): string | null {
    const written = keyAt(this.text, this.place);
    if (written === undefined) return null;
    this.place += written.length + 1;
    return unescapeKey(written);
  }

  /** Passes over a phrase, a regular expression or a word; null where none begins. */
  takePiece(): Piece | null {
    const start = this.place;
    if (this.next === '"') {
      const text = this.match(PHRASE)?.[1];
      if (text === undefined) {
        this.fail('a phrase begins here and does not end; right would be "…"', start, this.text.length);
      }
      return this.#piece({ type: "text", text: text.replace(/\\(["\\])/g, "$1") }, start);
    }
    const [, expression, ignoreCase] = this.match(REGEX) ?? [];
    if (expression) return this.#piece({ type: "regex", expression, ignoreCase: ignoreCase === "i" }, start);
    const raw = this.match(WORD)?.[0];
    return raw === undefined ? null : { ...this.#piece(wordPattern(raw), start), raw };
  }

  #piece(pattern: Pattern, start: number): Piece {
    return { pattern, start, end: this.place, raw: null };
  }
}

/** Neighbouring characters joined; several `*` in a row are one. */
function wordPattern(raw: string): Pattern {
  const parts: GlobPart[] = [];
  for (const [part, special] of raw.matchAll(
    /\\([ \t\r\n\\*?:()"/-])|\*+|\?|(?:[^\\*?]|\\(?![ \t\r\n\\*?:()"/-]))+/g,
  )) {
    const last = parts.at(-1);
    const wild = part[0] === "*" || part[0] === "?";
    if (wild) parts.push({ any: part[0] === "*" });
    else if (typeof last === "string") parts[parts.length - 1] = last + (special ?? part);
    else parts.push(special ?? part);
  }
  return parts.length === 1 && typeof parts[0] === "string"
    ? { type: "text", text: parts[0] }
    : { type: "glob", parts };
}
