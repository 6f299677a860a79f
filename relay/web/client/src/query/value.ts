import { LEVELS, parseLevel } from "./levels.ts";
import { type Dimension, keyScale, parseQuantity, parseTime, type Quantity } from "./quantity.ts";
import type { Piece } from "./scanner.ts";
import { isAnything, type Test } from "./syntax.ts";

/** Throws with what is wrong with the value at hand. */
type Refuse = (message: string) => never;

/** What a value is compared with, as it stands behind its key. */
export function valueTest(key: string, { pattern, raw }: Piece, refuse: Refuse): Test {
  if (isAnything(pattern)) return { type: "exists" };
  if (raw === null) return { type: "is", pattern };
  const dots = raw.indexOf("..");
  if (dots >= 0 && raw !== "..") {
    const range = between(key, raw.slice(0, dots), raw.slice(dots + 2), refuse);
    if (range) return range;
  }
  if (key === "time") {
    const [first, last] = time(raw, refuse);
    return { type: "between", low: first, high: last };
  }
  if (key === "level" && pattern.type === "text") {
    const number = parseLevel(raw);
    const name = number !== null && !/^\d+$/.test(raw) && LEVELS[number / 10 - 1];
    if (name) return { type: "is", pattern: { type: "text", text: name } };
    return number === null ? { type: "is", pattern } : { type: "equals", quantity: plain(number), text: raw };
  }
  const quantity = parseQuantity(raw);
  if (!quantity) return { type: "is", pattern };
  checkDimension(key, quantity, refuse);
  return { type: "equals", quantity, text: raw };
}

/** The same behind a sign of comparison. */
export function comparisonTest(key: string, operator: string, { pattern, raw }: Piece, refuse: Refuse): Test {
  const text = raw ?? (pattern.type === "text" ? pattern.text : "");
  if (key === "level") return { type: "compare", operator, quantity: level(text, refuse) };
  if (key === "time") {
    const [first, last] = time(text, refuse);
    return { type: "compare", operator, quantity: operator === ">=" || operator === "<" ? first : last };
  }
  const right = `right would be as ${key}:${operator}10, 1.5s or 10MB`;
  const quantity = parseQuantity(text) ?? refuse(`${operator} compares with a number; ${right}`);
  checkDimension(key, quantity, refuse);
  return { type: "compare", operator, quantity };
}

/** A range; null for other text with two dots in it, which only `time` and `level` refuse. */
function between(key: string, from: string, to: string, refuse: Refuse): Test | null {
  if (key === "time") {
    return { type: "between", low: from ? time(from, refuse)[0] : null, high: to ? time(to, refuse)[1] : null };
  }
  if (key === "level") {
    return { type: "between", low: from ? level(from, refuse) : null, high: to ? level(to, refuse) : null };
  }
  const low = from ? parseQuantity(from) : null;
  const high = to ? parseQuantity(to) : null;
  if ((from && !low) || (to && !high)) return null;
  if (low && high && low.dimension !== high.dimension) {
    return refuse("both ends of a range have the same unit, as in 1s..5s");
  }
  for (const quantity of [low, high]) if (quantity) checkDimension(key, quantity, refuse);
  return { type: "between", low, high };
}

function checkDimension(key: string, { dimension }: { dimension: Dimension }, refuse: Refuse): void {
  if (dimension && keyScale(key, dimension) === null) refuse(`by its name, ${key} has another unit`);
}

function level(text: string, refuse: Refuse): Quantity {
  const right = `right would be ${LEVELS.join(", ")} or a number`;
  return plain(parseLevel(text) ?? refuse(`not a level; ${right}`));
}

function time(text: string, refuse: Refuse): [first: Quantity, last: Quantity] {
  const found = parseTime(text) ?? refuse("not a time; right would be as 2026-11-21 or 2026-11-21T10:30:00Z");
  return [
    { value: found[0], dimension: "" },
    { value: found[1], dimension: "" },
  ];
}

function plain(value: number): Quantity {
  return { value, dimension: "" };
}
