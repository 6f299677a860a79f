import type { Gap, LogRecord } from "@tailrace/client";

/** A record as gateways give it; what a test does not care about is of its own making. */
export function record(id: string, more: Partial<LogRecord> = {}): LogRecord {
  const ms = Number(id.slice(0, id.indexOf("-")));
  return {
    id,
    time: `${new Date(ms).toISOString().slice(0, 23)}000Z`,
    level: "INFO",
    level_number: 20,
    stream: "api",
    message: `message ${id}`,
    producer: "00".repeat(16),
    seq: Number(id.slice(id.indexOf("-") + 1)),
    ...more,
  };
}

/** So many records, one a ms, from a number on. */
export function records(count: number, from = 1, more: Partial<LogRecord> = {}): LogRecord[] {
  return Array.from({ length: count }, (_, index) => record(`${1000 + from + index}-${from + index}`, more));
}

export function gap(more: Partial<Gap>): Gap {
  return { stream: "api", count: 1, after: null, before: null, reason: "trimmed", ...more };
}

/** Numbers as keys of entries. */
export function counter(): () => number {
  let key = 0;
  return () => ++key;
}
