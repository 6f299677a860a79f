import type { PageOptions, Question, SummaryOptions } from "./client.ts";
import { TailraceError } from "./errors.ts";

type Moment = number | string | Date;
/** What is asked of history, and how. */
export type Asked = Omit<PageOptions & SummaryOptions, "signal"> & {
  method?: string;
  signal?: AbortSignal | undefined;
} & { [name in "streams" | "id" | "format"]?: string } & { lines?: number | undefined };
export type Parameters = Record<string, string>;

// ms; as docs/QUERY.md has them.
const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The parameters of a subscription that begins; `cursor` is where it goes on, once it has one. */
export function parametersOf(question: Question, cursor: string | null): Parameters {
  const { query, level, tail, since } = question;
  const after = cursor ?? question.after ?? (since === undefined ? undefined : `${msOf(since)}-0`);
  return given({ streams: names(question.streams), query, level, after, tail: after === undefined ? tail : undefined });
}

/** The parameters that a question of history has. */
export function asking({ since, until, method: _, signal: __, ...rest }: Asked): Parameters {
  return given({ ...rest, since: momentText(since), until: momentText(until) });
}

/** Streams as a parameter. */
export function names(streams: string | readonly string[]): string {
  return [streams].flat().join();
}

/** Those of some values that there are, as texts. */
export function given(values: Record<string, string | number | undefined>): Parameters {
  const found = Object.entries(values).filter(([, value]) => value !== undefined && value !== "");
  return Object.fromEntries(found.map(([name, value]) => [name, String(value)]));
}

/** A moment in ms since 1970. How long ago is counted by this machine's clock. */
export function msOf(moment: Moment, now = Date.now()): number {
  const ms = typeof moment === "string" ? parse(moment, now) : Number(moment);
  // Beyond, dates end.
  if (!(Math.abs(ms) <= 8.64e15))
    throw new TailraceError("bad_request", `not a time: '${moment}'; right would be 2026-11-21T10:30:00Z or -15m`);
  return Math.max(Math.floor(ms), 0);
}

function parse(text: string, now: number): number {
  // Without an offset it is UTC, whereas `Date` would take it for local time.
  if (/^\d{4}-\d\d-\d\d/.test(text)) return Date.parse(/^.{10}$|Z$|[+-]..:..$/i.test(text) ? text : `${text}Z`);
  let ago = 0;
  const rest = text.replace(/(\d+(?:\.\d+)?)(ms|[smhd])/g, (_, count, unit) => {
    ago += count * (UNITS[unit] ?? 0);
    return "";
  });
  return rest === "-" && ago ? now - ago : Number.NaN;
}

function momentText(moment: Moment | undefined): string | undefined {
  return typeof moment === "string" || moment === undefined ? moment : new Date(msOf(moment)).toISOString();
}
