import type { Span } from "./errors.ts";
import { type Finder, finder, lowered, seen } from "./pattern.ts";
import type { Query } from "./query.ts";
import { leavesOf } from "./syntax.ts";

/** Places that are marked in one text. */
export const MOST_HIGHLIGHTS = 200;

/**
 * What tells where a text has what the query looks for in texts: words, phrases, globs and expressions without a key
 * or of `message` and `exception`, none of them negated. Places are indices of JavaScript, in order, apart from each
 * other, at most `MOST_HIGHLIGHTS`, among the first 65 536 characters. Nothing is marked for an expression that is
 * left to the server.
 */
export function highlights(query: Query): (text: string) => Span[] {
  const raw: Finder[] = [];
  const folded: Finder[] = [];
  for (const { pattern, key, negated } of leavesOf(query.tree)) {
    const find = negated || (key && key !== "message" && key !== "exception") ? null : finder(pattern, query.regex);
    if (find) (pattern.type === "regex" ? raw : folded).push(find);
  }
  return (text) => {
    const looked = seen(text);
    const low = lowered(looked);
    const spans = raw.flatMap((find) => allOf(find, looked));
    // Lower case may be longer (İ), and then places in it are none of the text.
    spans.push(...folded.flatMap((find) => allOf(find, low.length === looked.length ? low : looked)));
    return apart(spans).slice(0, MOST_HIGHLIGHTS);
  };
}

function allOf(find: Finder, text: string): Span[] {
  const spans: Span[] = [];
  for (let from = 0; from <= text.length && spans.length < MOST_HIGHLIGHTS; ) {
    const span = find(text, from);
    if (!span) break;
    if (span[1] > span[0]) spans.push(span);
    from = Math.max(span[1], from, span[0] + 1);
  }
  return spans;
}

/** In order, and those that overlap or touch as one. */
function apart(spans: Span[]): Span[] {
  const joined: Span[] = [];
  for (const [start, end] of spans.sort(([a], [b]) => a - b)) {
    const last = joined.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else joined.push([start, end]);
  }
  return joined;
}
