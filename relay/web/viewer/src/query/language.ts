import { complete, type Part, parse, QueryError, type Suggestion, span, without } from "@tailrace/client/query";
import type { Problem } from "./draft.ts";
import { NOTHING, type Offer, type Offers } from "./offers.ts";

type Known = Record<string, string[]>;

/** What is wrong with a query, and where; null when it can be read. */
export function problemOf(text: string): Problem | null {
  try {
    parse(text);
    return null;
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    const [start, end] = span(text, error);
    return { message: error.message, start, end };
  }
}

/** The parts that all records shown must match; none of a query that cannot be read. */
export function chipsOf(text: string): readonly Part[] {
  return problemOf(text) ? [] : parse(text).parts;
}

export function withoutChip(text: string, chip: Part): string {
  return without(text, chip);
}

/**
 * What may stand where the caret is. Before anything of a word is typed only values are offered, behind their key:
 * a list that opens by itself between words would be in the way. `asked` opens it all the same.
 */
export function offersAt(text: string, caret: number, known: Known, asked = false): Offers {
  const [first, ...others] = complete(text, caret, withNumbers(known));
  const key = /([\p{L}\p{N}_.@/-]+):$/u.exec(text.slice(0, caret))?.[1];
  const { start, end } = first ?? { start: caret, end: caret };
  if (key === undefined && start === caret && !asked) return NOTHING;
  const suggested = first ? [first, ...others].map((suggestion) => offerOf(suggestion, end === text.length)) : [];
  const options = key === undefined ? suggested : [...suggested, ...comparisons(key, known)];
  return { kind: "completions", start, end, options };
}

/** Numbers are written as such, not as phrases. */
function withNumbers(known: Known): Record<string, (string | number)[]> {
  const numbered = (value: string) => (String(Number(value)) === value ? Number(value) : value);
  return Object.fromEntries(Object.entries(known).map(([key, values]) => [key, values.map(numbered)]));
}

/** Behind the last word comes a blank: another part may follow. */
function offerOf({ kind, label, insert }: Suggestion, isLast: boolean): Offer {
  return { text: isLast && kind === "value" ? `${insert} ` : insert, label, detail: kind === "value" ? "" : kind };
}

/** What else may stand behind a key: how its values compare, if they are numbers or levels. */
function comparisons(key: string, known: Known): Offer[] {
  if (key === "level")
    return [comparison(">=warning ", "warning and above"), comparison(">=error ", "error and above")];
  if (key === "time") return [comparison(">=", "this time and later"), comparison("<", "earlier")];
  const values = known[key] ?? [];
  const isNumber = values.length > 0 && values.every((value) => /^-?[\d.]+\w*$/.test(value));
  const ordered = isNumber ? [comparison(">=", "at least"), comparison("<=", "at most")] : [];
  return [...ordered, comparison("* ", "has any value")];
}

function comparison(text: string, detail: string): Offer {
  return { text, label: text.trim(), detail };
}
