import { numberOf } from "./entry.ts";
import { type Places, placesOf } from "./places.ts";
import type { EngineQuestion } from "./protocol.ts";
import { isNarrower, type QuerySieve } from "./sieve.ts";

/** Where a question stood when a narrower one took its place: up to there, all that it selects is held. */
export interface Checkpoint {
  question: EngineQuestion;
  sieve: QuerySieve;
  /** Null before a gateway had greeted: then one cannot come back. */
  cursor: string | null;
  /** What has a greater key came later, on whatever side. */
  key: number;
  /** Where its history goes on. */
  places: Places;
}

// Narrower and narrower; nobody goes back over more.
const MOST = 16;

/** What one can go back to from a question that was narrowed, without giving up what is held. */
export class Checkpoints {
  #kept: Checkpoint[] = [];

  add(checkpoint: Checkpoint): void {
    if (checkpoint.cursor !== null && this.#kept.length < MOST) this.#kept.push(checkpoint);
  }

  /**
   * The newest from which a query can go on: it selects no more, and what came since can be fetched.
   *
   * @param cursor where the subscription stands now.
   * @param most records that may have come since, of whatever query.
   */
  find(sieve: QuerySieve, cursor: string | null, most: number): Checkpoint | null {
    const near = (each: Checkpoint) => distance(each.cursor, cursor) <= most;
    return this.#kept.findLast((each) => isNarrower(sieve, each.sieve) && near(each)) ?? null;
  }

  /** One has gone back to it: what was noted later counts no more. */
  returned(checkpoint: Checkpoint): void {
    this.#kept = this.#kept.slice(0, this.#kept.indexOf(checkpoint) + 1);
  }

  clear(): void {
    this.#kept = [];
  }
}

/** How many numbers lie between two cursors, in the streams that both name. */
function distance(from: string | null, to: string | null): number {
  if (from === null || to === null) return Number.POSITIVE_INFINITY;
  const before = placesOf(from, "");
  let sum = 0;
  for (const [stream, id] of placesOf(to, "")) {
    const earlier = before.get(stream);
    if (earlier !== undefined) sum += Math.max(0, numberOf(id) - numberOf(earlier));
  }
  return sum;
}
