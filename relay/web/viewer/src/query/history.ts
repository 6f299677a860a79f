import { preference } from "../state/preferences.ts";

/** Enough to find last week's query again. */
const MOST_QUERIES = 50;
const LONGEST = 4_096;

/** Queries that were meant, the newest first; kept in this browser. */
export const queries = preference<string[]>("queries", []);

export function remember(query: string): void {
  queries.value = withQuery(queries.peek(), query);
}

/** The same query is there once, at its newest place. */
export function withQuery(all: readonly string[], query: string): string[] {
  const text = query.trim();
  if (!text || text.length > LONGEST) return [...all];
  return [text, ...all.filter((each) => each !== text)].slice(0, MOST_QUERIES);
}
