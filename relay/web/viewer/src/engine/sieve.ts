import type { LogRecord } from "@tailrace/client";
import type * as Language from "@tailrace/client/query";
import type { Entry } from "./entry.ts";
import { occurrences } from "./occurrences.ts";

/** From the first index up to, not including, the second. */
export type Span = Language.Span;

/** What selects records, and tells where in a text stands what it looks for. */
export interface Sieve {
  matches(record: LogRecord): boolean;
  hits(text: string): Span[];
}

/** A query (docs/QUERY.md) as a sieve. */
export interface QuerySieve extends Sieve {
  readonly text: string;
  /** What all must match; null while nobody here can read queries. */
  readonly parts: readonly Language.Part[] | null;
  /** Whether a record matches without anything that only the server knows. */
  surely(record: LogRecord): boolean;
}

// Loaded when there is something to read: the first view of most pages has no query.
let language: typeof Language | null = null;
let loading: Promise<void> | null = null;

/** Whether a query can be read here and now. */
export function isReadable(text: string): boolean {
  return text === "" || language !== null;
}

/** Loads what reads queries. Where no gateway gives it, the gateway alone filters, and it is tried again with the next query. */
export function loadLanguage(): Promise<void> {
  loading ??= import("@tailrace/client/query").then(
    (module) => {
      language = module;
    },
    () => {
      loading = null;
    },
  );
  return loading;
}

/**
 * The server has the last word on expressions that might take long here, so that none can bring the worker to a halt; and
 * on all of a query that cannot be read yet.
 *
 * @throws {QueryError} what is wrong, and where.
 */
export function sieveOf(text: string): QuerySieve {
  if (text === "" || language === null)
    return { text, parts: text ? null : [], matches: () => true, surely: () => true, hits: () => [] };
  const query = language.parse(text, { regex: "server" });
  const { parts, matches, surely } = query;
  return { text, parts, matches, surely, hits: language.highlights(query) };
}

// Of so many records that match, one may be there because only the server could tell that it does not.
const UNSURE = 100;

/** Whether next to nothing of what is held has to be left to the server. */
export function knows({ matches, surely }: QuerySieve, held: Iterable<Entry>): boolean {
  if (matches === surely) return true;
  let [matching, unsure] = [0, 0];
  for (const entry of held) {
    if (entry.type !== "record" || !matches(entry.record)) continue;
    matching += 1;
    if (!surely(entry.record)) unsure += 1;
  }
  return unsure * UNSURE <= matching;
}

/** Whether all that one query matches is matched by another, as far as can be told from what they are made of. */
export function isNarrower({ parts }: QuerySieve, than: QuerySieve): boolean {
  if (!parts || !than.parts) return false;
  return than.parts.every((part) =>
    parts.some(({ canonical, negated }) => canonical === part.canonical && negated === part.negated),
  );
}

/** What the find box looks for: a text, in any case, in message, exception and the values of fields. Null for none. */
export function finding(text: string): Sieve | null {
  const wanted = text.toLowerCase();
  if (!wanted) return null;
  return { matches: (record) => contains(record, wanted), hits: (shown) => occurrences(shown, wanted) };
}

function contains({ message, exception, fields }: LogRecord, wanted: string): boolean {
  return has(message, wanted) || (exception !== undefined && has(exception, wanted)) || within(fields, wanted, 0);
}

function has(text: string, wanted: string): boolean {
  return text.toLowerCase().includes(wanted);
}

// Agents nest no deeper.
const DEEPEST = 100;

function within(value: unknown, wanted: string, depth: number): boolean {
  if (typeof value === "string") return has(value, wanted);
  if (value === undefined || value === null) return false;
  if (typeof value !== "object") return String(value).includes(wanted);
  return depth < DEEPEST && Object.values(value).some((each) => within(each, wanted, depth + 1));
}

/** Two lists of places as one: in order, and what overlaps is one place. */
export function joined(some: Span[], others: Span[]): Span[] {
  if (!others.length || !some.length) return some.length ? some : others;
  const found: Span[] = [];
  for (const [start, end] of [...some, ...others].sort((a, b) => a[0] - b[0])) {
    const last = found.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else found.push([start, end]);
  }
  return found;
}
