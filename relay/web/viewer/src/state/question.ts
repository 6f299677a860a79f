import type { EngineQuestion } from "../engine/protocol.ts";
import { LEVEL_CLASSES, type LevelClass } from "../engine/rows.ts";
import type { View } from "./address.ts";

type Asked = Pick<View, "query" | "levels" | "sources">;

/**
 * The box, quick levels and sources as one query (docs/QUERY.md). The box comes last: whatever it begins, such as a
 * regular expression, cannot reach into what was made.
 */
export function queryOf({ query, levels, sources }: Asked): string {
  const box = boxed(query);
  const made = madeOf({ levels, sources });
  return made && box ? `${made} (${box})` : made || box;
}

/** Where in `queryOf` the box begins. */
export function boxStart(asked: Asked): number {
  const made = madeOf(asked);
  const blanks = /^[ \t\r\n]*/.exec(asked.query)?.[0].length ?? 0;
  return (made && `${made} (`).length - blanks;
}

/** Characters of `text` before the place that is `position` whole characters in: gateways count those, strings halves. */
export function unitsAt(text: string, position: number): number {
  let units = 0;
  for (const character of text) {
    if (position-- <= 0) break;
    units += character.length;
  }
  return units;
}

/** Whether both ask for the same. */
export function isSame(one: EngineQuestion | null, other: EngineQuestion | null): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function madeOf({ levels, sources }: Omit<Asked, "query">): string {
  return [levelsQuery(levels), sourcesQuery(sources)].filter(Boolean).join(" ");
}

/** Without blanks around it. A backslash at its end would take the meaning of the parenthesis behind it; two are one that does not. */
function boxed(query: string): string {
  const text = query.replace(/^[ \t\r\n]+/, "");
  const [end = ""] = /[ \t\r\n]*$/.exec(text) ?? [];
  const rest = text.slice(0, text.length - end.length);
  const backslashes = /\\*$/.exec(rest)?.[0].length ?? 0;
  if (backslashes % 2 === 0) return rest;
  return end ? rest + end.charAt(0) : `${rest}\\`;
}

function levelsQuery(levels: readonly LevelClass[]): string {
  const ranges = LEVEL_CLASSES.filter((level) => levels.includes(level)).map(rangeOf);
  if (ranges.length === LEVEL_CLASSES.length) return "";
  return ranges.length > 1 ? `level:(${ranges.join(" OR ")})` : ranges.map((range) => `level:${range}`).join("");
}

/** The numbers that have this colour. */
function rangeOf(level: LevelClass): string {
  const least = LEVEL_CLASSES.indexOf(level) * 10;
  return level === "trace" ? "<10" : level === "critical" ? ">=50" : `${least}..${least + 9}`;
}

function sourcesQuery(sources: readonly string[]): string {
  const values = sources.map(quoted);
  return values.length > 1 ? `source:(${values.join(" OR ")})` : values.map((value) => `source:${value}`).join("");
}

/** A phrase: nothing in it but quotes and backslashes has a meaning. */
function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
