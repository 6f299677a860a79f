import type { LogRecord } from "../records.ts";
import { keyAt, unescapeKey } from "./key.ts";
import { parseTree, type TopPart } from "./parser.ts";
import { isExact, type RegexMode } from "./pattern.ts";
import { compilePredicate } from "./predicate.ts";
import { leavesOf, type Node, nodeText } from "./syntax.ts";

export interface QueryOptions {
  /** Default `local`. */
  regex?: RegexMode;
}

/** Which records are meant. */
export interface Query {
  readonly text: string;
  /** Queries of one canonical form are equal; it is the gateway's, too. */
  readonly canonical: string;
  /** What all must match, in their order: a chip for each. A query with `OR` outside of parentheses is one group. */
  readonly parts: readonly Part[];
  /**
   * False when some regular expressions are left to the server, or JavaScript has none that means the same: a record
   * then matches here where it may match there.
   */
  readonly exact: boolean;
  readonly tree: Node;
  readonly regex: RegexMode;
  matches(record: LogRecord): boolean;
  /** The same, but that a record does not match where only what is left to the server could tell. */
  surely(record: LogRecord): boolean;
}

/** From `start` up to `end`, indices of JavaScript in the query's text. */
export interface Part {
  /** As it is written, with its sign. */
  text: string;
  start: number;
  end: number;
  negated: boolean;
  kind: "word" | "phrase" | "regex" | "field" | "group";
  /** Of a field. */
  key?: string;
  /** It is the whole query, which has an OR outside of parentheses. */
  alternatives: boolean;
  /** Its canonical form without the sign. */
  canonical: string;
}

/**
 * Reads a query (docs/QUERY.md) and compiles it, once.
 *
 * @throws {QueryError} what is wrong, where, and what would be right.
 */
export function parse(text: string, { regex = "local" }: QueryOptions = {}): Query {
  const { tree, parts } = parseTree(text);
  const leaves = leavesOf(tree);
  const matches = compilePredicate(tree, regex);
  const hasRegex = leaves.some(({ pattern }) => pattern.type === "regex");
  return {
    text,
    canonical: nodeText(tree),
    parts: parts.map((part) => partOf(part, text.slice(part.start, part.end))),
    exact: leaves.every(({ pattern }) => isExact(pattern, regex)),
    tree,
    regex,
    matches,
    surely: hasRegex ? compilePredicate(tree, regex, false) : matches,
  };
}

function partOf({ node: signed, start, end, alternatives = false }: TopPart, text: string): Part {
  let node = signed;
  let negated = false;
  for (; node.type === "not"; node = node.part) negated = !negated;
  const unsigned = text.replace(/^(?:-(?=.)|NOT(?=[ \t\r\n("])|[ \t\r\n])+/s, "");
  const key = keyAt(unsigned, 0);
  const part = { text, start, end, negated, alternatives, canonical: nodeText(node) };
  if (alternatives || unsigned.startsWith("(")) return { ...part, kind: "group" };
  if (key !== undefined) return { ...part, kind: "field", key: unescapeKey(key) };
  const pattern = node.type === "search" ? node.pattern.type : "glob";
  return { ...part, kind: pattern === "regex" ? "regex" : unsigned.startsWith('"') ? "phrase" : "word" };
}
