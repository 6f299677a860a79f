import { escapeKey } from "./key.ts";
import type { Quantity } from "./quantity.ts";

/** Text, or what stands for any run of characters or for one. */
export type GlobPart = string | { any: boolean };

export interface RegexPattern {
  type: "regex";
  expression: string;
  ignoreCase: boolean;
}

export type Pattern = { type: "text"; text: string } | { type: "glob"; parts: GlobPart[] } | RegexPattern;

/** What a value is compared with. `low` or `high` is null where a range is open. */
export type Test =
  | { type: "exists" }
  | { type: "is"; pattern: Pattern }
  | { type: "equals"; quantity: Quantity; text: string }
  | { type: "compare"; operator: string; quantity: Quantity }
  | { type: "between"; low: Quantity | null; high: Quantity | null };

/** The tree of a query. */
export type Node =
  | { type: "all" }
  | { type: "search"; pattern: Pattern }
  | { type: "field"; key: string; test: Test }
  | { type: "not"; part: Node }
  | { type: "and" | "or"; parts: Node[] };

/** A query of the same meaning; equal for equal trees. */
export function nodeText(node: Node): string {
  switch (node.type) {
    case "all":
      return "*";
    case "search":
      return patternText(node.pattern);
    case "field":
      return `${escapeKey(node.key)}:${testText(node.test)}`;
    case "not":
      return `-${node.part.type === "not" ? `(${nodeText(node.part)})` : grouped(node.part)}`;
    default:
      return node.parts.map(grouped).join(node.type === "and" ? " " : " OR ");
  }
}

function grouped(node: Node): string {
  const text = nodeText(node);
  return node.type === "and" || node.type === "or" ? `(${text})` : text;
}

function testText(test: Test): string {
  switch (test.type) {
    case "exists":
      return "*";
    case "is":
      return patternText(test.pattern);
    case "equals":
      return test.text;
    case "compare":
      return test.operator + quantityText(test.quantity);
    case "between":
      return `${quantityText(test.low)}..${quantityText(test.high)}`;
  }
}

function quantityText(quantity: Quantity | null): string {
  return quantity ? quantity.value + quantity.dimension : "";
}

export function patternText(pattern: Pattern): string {
  switch (pattern.type) {
    case "text":
      return quoted(pattern.text);
    case "glob":
      return pattern.parts
        .map((part) => (typeof part === "string" ? part.replace(/[\\*?:()"/ \t\r\n-]/g, "\\$&") : part.any ? "*" : "?"))
        .join("");
    case "regex":
      return `/${pattern.expression}/${pattern.ignoreCase ? "i" : ""}`;
  }
}

/** A phrase: the text, whatever is in it. */
export function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** `*` alone. */
export function isAnything(pattern: Pattern): boolean {
  return (
    pattern.type === "glob" &&
    pattern.parts.length === 1 &&
    typeof pattern.parts[0] === "object" &&
    pattern.parts[0].any
  );
}

/** A pattern of a query's words and values; `key` is null for those without. */
export interface Leaf {
  pattern: Pattern;
  key: string | null;
  negated: boolean;
}

/** All patterns of a query. */
export function leavesOf(node: Node, negated = false): Leaf[] {
  switch (node.type) {
    case "search":
      return [{ pattern: node.pattern, key: null, negated }];
    case "field":
      return node.test.type === "is" ? [{ pattern: node.test.pattern, key: node.key, negated }] : [];
    case "not":
      return leavesOf(node.part, !negated);
    case "all":
      return [];
    default:
      return node.parts.flatMap((part) => leavesOf(part, negated));
  }
}
