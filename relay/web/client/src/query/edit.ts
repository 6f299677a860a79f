import { escapeKey } from "./key.ts";
import { parseTree } from "./parser.ts";
import { type Part, parse } from "./query.ts";
import { nodeText, quoted } from "./syntax.ts";

/** A value that somebody filters for or out. */
export type Value = string | number | boolean | null;

// A word that is no number, no range and no expression, whatever its key.
const PLAIN = /^[\p{L}_](?:[\p{L}\p{N}_@/-]|\.(?!\.))*$/u;

/** The text of a query without one of its parts, as `parse(text).parts` has it. */
export function without(text: string, part: Pick<Part, "start">): string {
  let rest = "";
  let end = 0;
  for (const each of parseTree(text).parts) {
    if (each.start === part.start) {
      end = -1;
      continue;
    }
    // The words between two parts stay as they are, unless one was taken out from there.
    if (rest) rest += end < 0 ? " " : text.slice(end, each.start);
    rest += text.slice(each.start, each.end);
    end = each.end;
  }
  return rest;
}

/**
 * The text of a query that asks, too, for records with this value (and no other) under this key, or with `negated`
 * for all but those. What says so already stays as it is; what says the opposite is replaced.
 *
 * `key` is a name of docs/PROTOCOL.md B1 or of a field, with whatever characters; `fields.` before it says outright that
 * it is one of the fields, which is needed where a record has a part of this name (`fields.service`). Null is what is
 * absent.
 *
 * @throws {QueryError} when `text` cannot be read.
 */
export function withPart(text: string, key: string, value: Value, negated = false): string {
  const isNegated = negated !== (value === null);
  const begin = `${escapeKey(key)}:`;
  const unsigned = `${begin}${value === null ? "*" : valueText(key, value)}`;
  const written = `${isNegated ? "-" : ""}${unsigned}`;
  const wanted = nodeText(parseTree(unsigned).tree).toLowerCase();
  const { parts } = parse(text);
  const same = parts.find((part) => part.canonical.startsWith(begin) && part.canonical.toLowerCase() === wanted);
  if (same) return same.negated === isNegated ? text : text.slice(0, same.start) + written + text.slice(same.end);
  const [first, last] = [parts.at(0), parts.at(-1)];
  if (!first || !last || (first === last && first.text === "*")) return written;
  const before = text.slice(first.start, last.end);
  return `${first.alternatives ? `(${before})` : before} ${written}`;
}

/** A value as it is written behind a key, to match this one alone. */
export function valueText(key: string, value: Exclude<Value, null>): string {
  if (typeof value !== "string" || key === "time" || PLAIN.test(value)) return String(value);
  return quoted(value);
}
