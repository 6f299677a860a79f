import type { LogRecord } from "../records.ts";
import { RECORD_KEYS, within } from "./key.ts";
import { type RegexMode, type TextTest, textTest } from "./pattern.ts";
import { type Dimension, keyScale, parseQuantity, type Quantity } from "./quantity.ts";
import type { Node, Pattern, Test } from "./syntax.ts";

export type Predicate = (record: LogRecord) => boolean;

type ValueTest = (value: unknown) => boolean;
type Getter = (record: LogRecord) => unknown;

// Keys of which a text is searched through, as free words search it; all others are compared as a whole.
const TEXTS = new Set(["message", "exception"]);

/**
 * The function that tells whether a record matches. It throws nothing, whatever is in the record. `unknown` is what
 * is said of an expression that is left to the server: true, and false below a `not`, so that no record that may
 * match is taken for one that does not.
 */
export function compilePredicate(node: Node, mode: RegexMode, unknown = true): Predicate {
  switch (node.type) {
    case "all":
      return () => true;
    case "search":
      return search(node.pattern, textTest(node.pattern, true, mode, unknown));
    case "field":
      return field(node.key, node.test, (pattern, anywhere) => textTest(pattern, anywhere, mode, unknown));
    case "not": {
      const inner = compilePredicate(node.part, mode, !unknown);
      return (record) => !inner(record);
    }
    default: {
      const parts = node.parts.map((part) => compilePredicate(part, mode, unknown));
      // A call for each pair is cheaper than a loop in each call.
      return parts.reduceRight(
        node.type === "and"
          ? (second, first) => (record) => first(record) && second(record)
          : (second, first) => (record) => first(record) || second(record),
      );
    }
  }
}

/** Free text is looked for in all that a person wrote: message, exception, action, and the values of fields. */
function search(pattern: Pattern, test: TextTest): Predicate {
  // Most values are numbers, and most words are none.
  const skipsNumbers = pattern.type === "text" && !/^[\d.e+-]*$/i.test(pattern.text);
  const found: ValueTest = (value) => {
    if (typeof value === "string") return test(value);
    if (value == null || (skipsNumbers && typeof value === "number")) return false;
    if (typeof value !== "object") return test(String(value));
    if (Array.isArray(value)) return value.some(found);
    for (const name in value) if (found((value as Record<string, unknown>)[name])) return true;
    return false;
  };
  return (record) =>
    found(record.message) ||
    found(record.exception) ||
    found(record.action) ||
    found(record.fields) ||
    found(record.metadata);
}

function field(key: string, test: Test, compile: (pattern: Pattern, anywhere: boolean) => TextTest): Predicate {
  if ((key === "level" || key === "time") && test.type !== "is" && test.type !== "exists") {
    const compare = comparison(test);
    return key === "level" ? (record) => compare(record.level_number) : (record) => compare(record.time);
  }
  const get = getter(key);
  if (test.type === "exists") return (record) => get(record) != null;
  const onItem = itemTest(key, test, compile);
  const matches: ValueTest = (value) =>
    Array.isArray(value) ? value.some(matches) : value != null && typeof value !== "object" && onItem(value);
  return (record) => matches(get(record));
}

/** What gives the value under a key: of the record itself, else of its fields, else of its metadata. */
function getter(key: string): Getter {
  if (RECORD_KEYS.includes(key)) return (record) => record[key as keyof LogRecord];
  if (key.startsWith("fields.")) return (record) => within(record.fields, key.slice(7));
  if (key.startsWith("metadata.")) return (record) => within(record.metadata, key.slice(9));
  return (record) => within(record.fields, key) ?? within(record.metadata, key);
}

/** A test of whatever stands under a key but lists, of which one item must pass, and maps, none of which does. */
function itemTest(
  key: string,
  test: Exclude<Test, { type: "exists" }>,
  compile: (pattern: Pattern, anywhere: boolean) => TextTest,
): ValueTest {
  if (test.type === "is") {
    const inText = compile(test.pattern, TEXTS.has(key));
    return (value) => inText(typeof value === "string" ? value : String(value));
  }
  const number = numberTest(key, test);
  if (test.type !== "equals") return number;
  const written = compile({ type: "text", text: test.text }, TEXTS.has(key));
  // Without a unit a text is what it is: 0123 is another order than 123.
  const ofTexts = test.quantity.dimension !== "";
  return (value) => written(String(value)) || ((ofTexts || typeof value !== "string") && number(value));
}

type NumberTest = Extract<Test, { type: "equals" | "compare" | "between" }>;

/** A test of numbers, and of texts that are numbers, perhaps with a unit. */
function numberTest(key: string, test: NumberTest): ValueTest {
  const dimension: Dimension = (test.type === "between" ? (test.low ?? test.high) : test.quantity)?.dimension ?? "";
  const scale = (dimension && keyScale(key, dimension)) || 1;
  const compare = comparison(test);
  return (value) => {
    if (typeof value === "number") return compare(value * scale);
    const found = typeof value === "string" ? parseQuantity(value) : null;
    if (!found) return false;
    if (found.dimension === dimension) return compare(found.value);
    return found.dimension === "" && compare(found.value * scale);
  };
}

function comparison(test: NumberTest): (value: Quantity["value"]) => boolean {
  if (test.type === "between") {
    const [low, high] = [test.low?.value, test.high?.value];
    return (value) => (low === undefined || value >= low) && (high === undefined || value <= high);
  }
  const bound = test.quantity.value;
  if (test.type === "equals") return (value) => value === bound;
  switch (test.operator) {
    case ">":
      return (value) => value > bound;
    case ">=":
      return (value) => value >= bound;
    case "<":
      return (value) => value < bound;
    default:
      return (value) => value <= bound;
  }
}
