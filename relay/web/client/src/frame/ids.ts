import { FrameError } from "./errors.ts";

/** The place of one record in its stream: docs/PROTOCOL.md, A4. */
export interface StreamId {
  /** Redis' time at append, in ms; never goes back. */
  ms: number;
  /** The record's number in its stream, from 1, without holes: two records are neighbours when it differs by one. */
  n: number;
}

/**
 * Reads `<ms>-<n>`.
 *
 * @throws {FrameError} for any other text, also for numbers beyond 2^53 - 1.
 */
export function parseStreamId(text: string): StreamId {
  const [, ms, n] = /^(0|[1-9]\d{0,15})-(0|[1-9]\d{0,15})$/.exec(text) ?? [];
  const id = { ms: Number(ms), n: Number(n) };
  if (!Number.isSafeInteger(id.ms) || !Number.isSafeInteger(id.n)) {
    throw new FrameError(`not a stream ID: ${JSON.stringify(text.slice(0, 80))}; right would be as 1763683200000-42`);
  }
  return id;
}

/** Below 0 where `a` comes first, above where `b` does, 0 where they are the same. IDs of one stream, as texts. */
export function compareStreamIds(a: string, b: string): number {
  const [first, second] = [parseStreamId(a), parseStreamId(b)];
  return first.ms - second.ms || first.n - second.n;
}
