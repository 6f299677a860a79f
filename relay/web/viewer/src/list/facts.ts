import type { LogRecord } from "@tailrace/client";

// What a record says besides its message, exception, fields and metadata, in the order in which people look for it.
const FACTS = [
  "time",
  "level",
  "logger",
  "action",
  "trace_id",
  "span_id",
  "stream",
  "service",
  "host",
  "pid",
  "process",
  "thread",
  "module",
  "function",
  "line",
  "source",
  "kind",
  "line_number",
  "id",
  "producer",
  "seq",
] as const satisfies (keyof LogRecord)[];

// These are places, not facts: a query cannot ask for them.
const UNASKABLE = new Set<string>(["id", "seq"]);

export interface Fact {
  name: string;
  value: string | number;
  /** Whether a query can ask for it. */
  askable: boolean;
}

/** What is known of a record, as far as it is. */
export function factsOf(record: LogRecord): Fact[] {
  return FACTS.flatMap((name) => {
    const value = record[name];
    return value === undefined || value === "" ? [] : [{ name, value, askable: !UNASKABLE.has(name) }];
  });
}
