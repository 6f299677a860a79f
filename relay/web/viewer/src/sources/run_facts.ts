import type { LogRecord, Service, StreamHorizon } from "@tailrace/client";
import { visible } from "../list/text.ts";
import { timeOfId } from "../status/words.ts";
import { RUN } from "./followed.ts";

/** `lost`: its process is gone without an end. `open`: neither a beginning nor an end is known, as of what is sent in over HTTP. */
export type RunState = "running" | "ok" | "failed" | "cancelled" | "lost" | "open";

/** What is known of a run (docs/AGENT.md, "Runs"). */
export interface RunFacts {
  stream: string;
  /** What it is: a name, or the program; its ID where that is not kept any more. */
  name: string;
  state: RunState;
  /** `0`, `1`, `killed by SIGKILL`; "" without an end. */
  exit: string;
  /** What went wrong, where that is more than how it ended; "" for nothing. */
  error: string;
  /** ms since 1970; null where the beginning is not kept any more. */
  start: number | null;
  /** ms that it took; null while it runs, or where nobody knows. */
  took: number | null;
  /** Records kept. */
  records: number;
  /** Those from ERROR up. */
  errors: number;
}

/** How many records of a run's beginning and of its end tell how it is: others may come between its own. */
export const TELLING = 10;

/** Fields of its start and finish records that mean something here. */
type Told = Partial<Record<"run" | "command" | "status" | "signal" | "exit_code" | "error" | "duration", unknown>>;

/** Streams of runs, the newest begun first. */
export function runStreams(streams: readonly StreamHorizon[]): StreamHorizon[] {
  return streams.filter(({ stream }) => stream.startsWith(RUN)).sort((a, b) => beginOf(b) - beginOf(a));
}

/**
 * Reads a run's records.
 *
 * `first` are the oldest, `last` the newest, both the oldest first.
 */
export function factsOf(
  horizon: StreamHorizon,
  first: readonly LogRecord[],
  last: readonly LogRecord[],
  errors: number,
): RunFacts {
  const start = [...first, ...last].findLast((record) => record.kind === "start");
  const end = endOf(start, last);
  const { status, signal, exit_code, error, duration }: Told = (end?.kind === "finish" && end.fields) || {};
  const begun = start ? Date.parse(start.time) : null;
  return {
    stream: horizon.stream,
    name: nameIn(start) || nameIn(end) || horizon.stream.slice(RUN.length),
    state: end ? stateOf(end, status) : start ? "running" : "open",
    exit: textOf(signal) ? `killed by ${textOf(signal)}` : textOf(exit_code),
    error: errorOf(textOf(error), end),
    start: begun,
    took: typeof duration === "number" ? duration * 1000 : tookBy(begun, end),
    records: horizon.records,
    errors,
  };
}

/** ms after which a process that lives has been heard of, whatever else keeps the gateway busy. */
const SOON = 15_000;

/** Streams of a service that are named at most; of one with as many, others may be left out. */
const MOST_NAMED = 64;

/** A run that goes on though none of the processes that live says that it writes to it is lost: where no sibling lives, nobody
 * writes that down. */
export function heardOf(run: RunFacts, services: readonly Service[] | null, now: number): RunFacts {
  if (run.state !== "running" || !services || run.start === null || now - run.start < SOON) return run;
  const living = services.filter(({ instances }) => instances.running > 0);
  const isHeard = living.some(({ streams }) => streams.includes(run.stream) || streams.length >= MOST_NAMED);
  return isHeard ? run : { ...run, state: "lost", error: "Its process is not heard of any more." };
}

/** How a run stands, in words. */
export const STATES: Record<RunState, string> = {
  running: "running",
  ok: "finished",
  failed: "failed",
  cancelled: "cancelled",
  lost: "lost",
  open: "open",
};

/** The record that says that it is over: behind its last start, a `finish`, else that its own process died. One of a process
 * that it began is no end. */
function endOf(start: LogRecord | undefined, last: readonly LogRecord[]): LogRecord | undefined {
  const since = last.slice(last.findLastIndex((record) => record.kind === "start") + 1);
  const isOwn = (record: LogRecord) => !start || record.producer === start.producer;
  return (
    since.findLast((record) => record.kind === "finish") ??
    since.findLast((record) => record.kind === "died" && isOwn(record))
  );
}

function stateOf(end: LogRecord, status: unknown): RunState {
  if (end.kind === "died") return "lost";
  return status === "failed" || status === "cancelled" ? status : "ok";
}

function tookBy(begun: number | null, end: LogRecord | undefined): number | null {
  return end && begun !== null ? Math.max(0, Date.parse(end.time) - begun) : null;
}

function errorOf(error: string, end: LogRecord | undefined): string {
  if (end?.kind === "died") return visible(end.message);
  return /^(exit code -?\d+|killed by \w+)$/.test(error) ? "" : error;
}

function nameIn(record: LogRecord | undefined): string {
  const { run, command }: Told = record?.fields ?? {};
  return textOf(run) || textOf(command);
}

/** As it is shown: a run is what a stranger calls it. */
function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? visible(String(value)) : "";
}

function beginOf({ oldest, newest }: StreamHorizon): number {
  const id = oldest ?? newest;
  return id === null ? 0 : timeOfId(id);
}
