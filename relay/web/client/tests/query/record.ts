import type { LogRecord } from "../../src/records.ts";

/** A record that says what is given, and else as little as there may be. */
export function record(said: Partial<LogRecord> = {}): LogRecord {
  return {
    id: "1763683200000-1",
    time: "2026-11-21T10:30:15.250000Z",
    level: "INFO",
    level_number: 20,
    logger: "app",
    message: "",
    source: "logging",
    kind: "log",
    stream: "api",
    producer: "000102030405060708090a0b0c0d0e0f",
    seq: 1,
    ...said,
  };
}
