import type { Page, StreamHorizon } from "@tailrace/client";
import type { Engine } from "../engine/engine.ts";
import { numberOf } from "../engine/entry.ts";

const ERRORS = "level:>=error";

/** Errors on a page. */
const PAGE = 1_000;

/** ms after which errors are counted anew of a run whose oldest records go while it goes on. */
const AGEING = 30_000;

type Asks = Pick<Engine, "call">;

interface Count {
  errors: number;
  /** None up to this record is left out. */
  place: string;
  /** When all were counted, and the stream as it was then. */
  at: number;
  horizon: StreamHorizon;
}

/** Errors of one run. To count them all the gateway reads the whole stream: that is done once, and then only what came is asked for. */
export class RunErrors {
  #count: Count | null = null;
  readonly #engine: Asks;

  constructor(engine: Asks) {
    this.#engine = engine;
  }

  /** How many there are, at least up to the newest record that the gateway told of. */
  async of(horizon: StreamHorizon, now = Date.now()): Promise<number> {
    const known = this.#count && goesOn(this.#count, horizon, now) ? await this.#added(this.#count, horizon) : null;
    this.#count = known ?? (await this.#counted(horizon, now));
    return this.#count.errors;
  }

  async #counted(horizon: StreamHorizon, at: number): Promise<Count> {
    const { total, last } = await this.#engine.call("summary", horizon.stream, { query: ERRORS, buckets: 1 });
    return { errors: total, place: later(horizon.newest, last?.id), at, horizon };
  }

  /** With those that came since; null where some that were counted were withdrawn. */
  async #added(count: Count, { stream, newest }: StreamHorizon): Promise<Count | null> {
    let { errors, place } = count;
    for (let after: string | null = place; after !== null; ) {
      const page: Page = await this.#engine.call("page", stream, { query: ERRORS, after, limit: PAGE });
      if (page.gaps.some(({ reason }) => reason === "fork")) return null;
      errors += page.records.length;
      place = later(place, page.records.at(-1)?.id);
      after = page.next;
    }
    return { ...count, errors, place: later(place, newest) };
  }
}

/** Whether what was counted is still there, or was a moment ago. */
function goesOn({ place, at, horizon: before }: Count, { epoch, oldest, newest }: StreamHorizon, now: number): boolean {
  const isThere = oldest !== null && newest !== null && numberOf(oldest) <= numberOf(place);
  if (epoch !== before.epoch || !isThere || numberOf(newest) < numberOf(place)) return false;
  return oldest === before.oldest || now - at < AGEING;
}

/** The one that stands behind the other. */
function later(one: string | null, other: string | null | undefined): string {
  return numberOf(one ?? "0-0") < numberOf(other ?? "0-0") ? (other ?? "0-0") : (one ?? "0-0");
}
