import type { TailraceError } from "./errors.ts";
import type { Gap, LogRecord } from "./records.ts";

/** What a subscription gives, in order. Every one carries the cursor behind it. */
export type StreamEvent = RecordsEvent | GapEvent | StateEvent;

/** Records of one stream, in its order: at least one. */
export interface RecordsEvent {
  type: "records";
  stream: string;
  records: LogRecord[];
  cursor: string;
}

/** Records that are not there; with the reason `fork`, some that were given are withdrawn. */
export interface GapEvent {
  type: "gap";
  gap: Gap;
  cursor: string;
}

/** Anything in the subscription's state is different. */
export interface StateEvent {
  type: "state";
  state: SubscriptionState;
}

/**
 * `connecting`: a gateway is being asked. `connected`: it has greeted. `disconnected`: it was lost, and another try
 * comes at `retryAt`. `held`: let go by `hold()`. `refused`: no gateway takes this question as it is; `error` says why.
 * `closed`: by `close()`, for ever.
 */
export type Connection = "connecting" | "connected" | "disconnected" | "held" | "refused" | "closed";

export interface SubscriptionState {
  connection: Connection;
  /** All that was kept has come, and what comes now is new. */
  live: boolean;
  /** The gateway's name for itself, while connected. */
  gateway: string | null;
  /** Its address, as it was given to `connect`. */
  url: string;
  transport: "websocket" | "sse";
  /** Behind the newest event: hand it back as `after` and nothing is missing. */
  cursor: string | null;
  /** Connections after the first one, `hold` and `resume` not counted. */
  reconnects: number;
  /** When the next try is, in ms since 1970; null when none is waited for. */
  retryAt: number | null;
  /** The last thing that went wrong, until a gateway greets again. */
  error: TailraceError | null;
}

/** What arrived, counted before anything is removed from view. The promise holds while `whole` is true. */
export interface Proof {
  /** Records given, withdrawn ones not among them. */
  records: number;
  /** Records declared lost, by reason. `epoch` counts gaps, since nobody knows how many records it took. */
  lost: Record<string, number>;
  /** The sum of all counts in `lost`, `epoch` left out. */
  declared: number;
  /** Gaps given. */
  gaps: number;
  /** Records withdrawn by forks. */
  withdrawn: number;
  /** Came a second time, and were not given. */
  duplicates: number;
  /** Came behind a later one of their stream, and were not given. */
  outOfOrder: number;
  /** Numbers that neither came nor were declared lost, in subscriptions that select all records. */
  missing: number;
  /** Messages that made no sense. */
  unreadable: number;
  reconnects: number;
  /** No duplicate, nothing out of order, nothing missing, nothing unreadable. */
  whole: boolean;
}
