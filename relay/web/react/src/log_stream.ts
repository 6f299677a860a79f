import type { Gap, LogRecord, TailraceError } from "@tailrace/client";
import { useEffect, useState, useSyncExternalStore } from "react";
import { LogStore } from "./log_store.ts";
import { useClient } from "./provider.tsx";

/** The records that a hook keeps unless told otherwise. */
export const MOST_LOGS = 5_000;
const TAIL = 100;

export interface LogStreamOptions {
  /** Names and globs; or `serviceName`. */
  streams?: string | readonly string[];
  /** A service that writes to the stream of its own name, as agents do unless told otherwise. */
  serviceName?: string;
  /** Which records: the query language of docs/QUERY.md. */
  query?: string;
  /** This level and above. */
  level?: string;
  /** First the last so many that match; 100 unless given. */
  tail?: number;
  /** Not connected while false. What is there stays, and what came meanwhile is added when it is true again. */
  enabled?: boolean;
  /** How many records are kept, the newest of them; 5 000 unless given. */
  max?: number;
}

export interface LogStream {
  logs: readonly LogRecord[];
  isConnected: boolean;
  /** Why there is no connection, or why the question is not taken; null while all is well. */
  error: TailraceError | null;
  /** Empties `logs` and `gaps`; what comes then is added as before. */
  clearLogs: () => void;
  /** Records that are not there, and why; `logs` never misses one silently. */
  gaps: readonly Gap[];
  /** `logs` stands still; what comes is counted in `pending` and added by `resume`. */
  pause: () => void;
  resume: () => void;
  pending: number;
}

/**
 * Live logs. Renders at most once per animation frame. Another question (`streams`, `serviceName`, `query`, `level`, `tail`)
 * empties `logs` and connects anew; reconnecting by itself never does, and loses and doubles nothing.
 */
export function useLogStream(options: LogStreamOptions): LogStream {
  const { enabled = true, max = MOST_LOGS } = options;
  const client = useClient();
  const [store] = useState(() => new LogStore());
  const question = questionOf(options);
  useEffect(() => store.limit(max), [store, max]);
  useEffect(() => {
    if (enabled) return store.follow(client, question);
  }, [client, store, question, enabled]);
  const snapshot = useSyncExternalStore(store.subscribe, store.snapshot, store.snapshot);
  // What was kept for another question is not shown for a single rendering.
  return snapshot.question === question ? snapshot : store.nothing;
}

/** What is asked, as text: equal for equal questions, and what is not given is not in it. */
function questionOf({ streams, serviceName, query, level, tail = TAIL }: LogStreamOptions): string {
  const chosen = streams ?? serviceName;
  if (chosen === undefined) throw new Error("useLogStream needs `streams` or a `serviceName`");
  return JSON.stringify({ streams: chosen, tail, query, level });
}
