import { valueText } from "./edit.ts";
import { escapeKey, keyAt, RECORD_KEYS, unescapeKey } from "./key.ts";
import { LEVELS } from "./levels.ts";

/** What may be typed: `insert` in place of the text from `start` up to `end`, indices of JavaScript. */
export interface Suggestion {
  kind: "key" | "value" | "operator";
  /** To be shown: a key, a value as it is in records, `AND`. */
  label: string;
  insert: string;
  start: number;
  end: number;
}

/** Keys, as `withPart` takes them, with the values that were seen under each, the likeliest first. */
export type Known = Readonly<Record<string, Iterable<string | number | boolean>>>;

/** Suggestions for one place. */
export const MOST_SUGGESTIONS = 12;

// Values of one key that are looked at.
const MOST_VALUES = 10_000;

// Blanks, a parenthesis, or what a part consists of: a phrase or a word, perhaps without an end.
const TOKEN = /([ \t\r\n]+)|([()])|"(?:[^"\\]|\\.)*"?|(?:[^ \t\r\n()"\\]|\\.?)+/sy;

/**
 * What may stand where the caret is: keys, values of the key there, words between parts. Those that begin with what is
 * typed come before those that hold it; at most `MOST_SUGGESTIONS`.
 */
export function complete(text: string, caret: number, known: Known): Suggestion[] {
  const place = placeOf(text.slice(0, caret));
  const [rest = ""] = /^[^ \t\r\n()":]*/.exec(text.slice(caret)) ?? [];
  const end = caret + rest.length;
  if (place.key !== null) {
    const { key, start, typed } = place;
    const closed = text.startsWith('"', start) && text[end] === '"' ? end + 1 : end;
    const values = Object.hasOwn(known, key) ? (known[key] ?? []) : key === "level" ? LEVELS : [];
    return likeliest(bounded(values), typed, (value) => {
      return { kind: "value", label: String(value), insert: valueText(key, value), start, end: closed };
    }).filter(({ insert }) => insert !== text.slice(start, closed));
  }
  const { start, typed, first } = place;
  if (/^["/]/.test(typed)) return [];
  const keys = new Set([...RECORD_KEYS, ...Object.keys(known)]);
  const colon = text[end] === ":" ? end + 1 : end;
  const suggestions = likeliest(keys, typed, (key): Suggestion => {
    return { kind: "key", label: key, insert: `${escapeKey(key)}:`, start, end: colon };
  });
  const operators = ["AND", "OR", "NOT"].filter(
    (word) => word.startsWith(typed) && typed && !(first && word !== "NOT"),
  );
  suggestions.unshift(...operators.map((word) => operatorOf(word, start, end)));
  return suggestions.slice(0, MOST_SUGGESTIONS);
}

function operatorOf(word: string, start: number, end: number): Suggestion {
  return { kind: "operator", label: word, insert: `${word} `, start, end };
}

interface Place {
  /** Of the value that is being typed; null where a part begins. */
  key: string | null;
  /** Where what is replaced begins. */
  start: number;
  typed: string;
  /** No part stands before it. */
  first: boolean;
}

/** What stands at the end of a query's text. */
function placeOf(text: string): Place {
  const keys: (string | null)[] = [];
  let start = 0;
  let first = true;
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < text.length; ) {
    const from = TOKEN.lastIndex;
    const [, blank, parenthesis] = TOKEN.exec(text) ?? [];
    if (parenthesis === "(") keys.push(keyOf(text.slice(start, from)) ?? keys.at(-1) ?? null);
    if (parenthesis === ")") keys.pop();
    if (!blank && !parenthesis) continue;
    if (parenthesis) first = parenthesis === "(";
    else if (from > start) first = /^(?:AND|OR|NOT)$/.test(text.slice(start, from));
    start = TOKEN.lastIndex;
  }
  if (text[start] === "-") start++;
  const key = keyOf(text.slice(start));
  if (key !== null) start = text.indexOf(":", start) + 1;
  const group = keys.at(-1) ?? null;
  if (key !== null || group !== null) start += /^(?:[<>]=?)?/.exec(text.slice(start))?.[0].length ?? 0;
  const typed = text.slice(start);
  if (key === null && group === null) return { key, start, typed, first };
  return { key: key ?? group, start, typed: typed.replace(/^"/, ""), first };
}

function keyOf(text: string): string | null {
  const written = keyAt(text, text.startsWith("-") ? 1 : 0);
  return written === undefined ? null : unescapeKey(written);
}

function likeliest<T>(candidates: Iterable<T>, typed: string, suggest: (candidate: T) => Suggestion): Suggestion[] {
  const wanted = typed.toLowerCase();
  const begin: Suggestion[] = [];
  const hold: Suggestion[] = [];
  for (const candidate of candidates) {
    const place = String(candidate).toLowerCase().indexOf(wanted);
    if (place === 0) begin.push(suggest(candidate));
    else if (place > 0 && hold.length < MOST_SUGGESTIONS) hold.push(suggest(candidate));
    if (begin.length === MOST_SUGGESTIONS) break;
  }
  return [...begin, ...hold].slice(0, MOST_SUGGESTIONS);
}

function* bounded<T>(values: Iterable<T>): Iterable<T> {
  let count = 0;
  for (const value of values) {
    if (count++ === MOST_VALUES) return;
    yield value;
  }
}
