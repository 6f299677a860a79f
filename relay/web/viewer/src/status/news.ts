import type { Frame } from "../engine/protocol.ts";
import { connectionWord } from "./connection.ts";
import { count } from "./numbers.ts";

/** ms between two counts: a screen reader that is told of each record reads nothing else. */
export const PAUSE = 5_000;

/** What a listener knows. */
export interface Told {
  connection: string;
  records: number;
  errors: number;
  /** What comes from here on is new. */
  live: boolean;
  /** When counts were said last, in ms since 1970. */
  at: number;
}

/** What is to be said now, and what is known then. "" is nothing. */
export interface News {
  text: string;
  told: Told;
}

/** Changes of the connection at once, counts at most every `PAUSE`. What is read in the past, or caught up with, is no news. */
export function newsIn(told: Told | null, frame: Frame, now: number): News {
  const seen = seenIn(frame, now);
  const isNew = told?.live && seen.live && told.records <= seen.records;
  if (!told || told.connection !== seen.connection) {
    return { text: told || frame.state.connection !== "connecting" ? seen.connection : "", told: seen };
  }
  if (!isNew) return { text: "", told: { ...seen, at: told.at } };
  if (now - told.at < PAUSE) return { text: "", told };
  const records = seen.records - told.records;
  return { text: records ? counted(records, Math.max(0, seen.errors - told.errors)) : "", told: records ? seen : told };
}

/** `12 new records, 1 error`. */
export function counted(records: number, errors: number): string {
  return `${count(records, "new record")}${errors ? `, ${count(errors, "error")}` : ""}`;
}

export function errorsIn(frame: Frame): number {
  return frame.totals.error + frame.totals.critical;
}

function seenIn(frame: Frame, now: number): Told {
  const live = frame.state.live && frame.mode === "live" && !frame.pending;
  return { connection: connectionWord(frame), records: frame.proof.records, errors: errorsIn(frame), live, at: now };
}
