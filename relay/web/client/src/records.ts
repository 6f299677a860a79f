/** A record as gateways give it: docs/PROTOCOL.md, B1. What is empty is absent. */
export interface LogRecord {
  /** The stream ID, `<ms>-<n>`: its order and its permanent name. */
  id: string;
  /** When it was logged, RFC 3339 UTC with microseconds. */
  time: string;
  level: string;
  level_number: number;
  stream: string;
  message: string;
  producer: string;
  /** The producer's own count, from 1. */
  seq: number;
  logger?: string;
  /** `logging`, `file`, `stdout`, `stderr`, `user`, `sdk`, or a program's own. */
  source?: string;
  /** `log`, `audit`, `notice`, `died`, `start`, `finish`. */
  kind?: string;
  service?: string;
  host?: string;
  pid?: number;
  process?: string;
  thread?: string;
  module?: string;
  function?: string;
  /** Where in the code. */
  line?: number;
  /** Where in the captured output or file. */
  line_number?: number;
  exception?: string;
  trace_id?: string;
  span_id?: string;
  action?: string;
  metadata?: unknown;
  fields?: Record<string, unknown>;
}

/** Gateways say why: docs/PROTOCOL.md, B3. `missing` is this client's own word for what nobody declared. */
export type GapReason = "trimmed" | "cleared" | "epoch" | "fork" | "agent_dropped" | "unreadable" | "missing";

/** What stands in place of records that are not there: docs/PROTOCOL.md, B3. */
export interface Gap {
  stream: string;
  /** How many records; null where Redis lost the numbering (`epoch`). */
  count: number | null;
  /** The record before, if there is one. */
  after: string | null;
  /** The next record there is, or that there would be. */
  before: string | null;
  /** `fork` withdraws: forget the records of this stream that lie behind `after`. Others may be added. */
  reason: GapReason | (string & {});
  /** Of `agent_dropped`. */
  by_level?: Record<string, number>;
}

/** A service and its live status: docs/PROTOCOL.md, B8. */
export interface Service {
  service: string;
  health: "healthy" | "degraded" | "down" | "stopped";
  reasons: string[];
  instances: { running: number; exited: number; lost: number };
  last: { stream: string; id: string; time: string } | null;
  rate: number | null;
  error_rate: number | null;
  streams: string[];
}

/** A stream and its horizon: docs/PROTOCOL.md, B6, `GET /api/streams`. */
export interface StreamHorizon {
  stream: string;
  epoch: string;
  oldest: string | null;
  oldest_time: string | null;
  age: number | null;
  newest: string | null;
  records: number;
  bytes: number;
  limits: { age: number; bytes: number };
  last_activity: string | null;
}
