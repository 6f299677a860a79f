import { signal } from "@preact/signals";
import type { StreamHorizon } from "@tailrace/client";
import type { Engine } from "../engine/engine.ts";
import { factsOf, type RunFacts, runStreams, TELLING } from "./run_facts.ts";

/** Runs that are looked into at a time, and how many more each time that somebody wants more. */
const PAGE = 25;

/** Runs looked into at once: the gateway has others to answer. */
const AT_ONCE = 4;

type Asks = Pick<Engine, "call">;

interface Known {
  /** Of the stream when it was looked into: while it stays, so does the run. */
  newest: string | null;
  facts: RunFacts;
}

/** The newest runs, and how each of them stands. */
export class RunCatalog {
  /** The newest first; null before anything is known. */
  readonly runs = signal<RunFacts[] | null>(null);
  /** How many runs there are; more than `runs` has, perhaps. */
  readonly total = signal(0);
  /** Why the last look failed; "" when it did not. */
  readonly failure = signal("");
  #known = new Map<string, Known>();
  #wanted = PAGE;
  #looking: Promise<void> | null = null;
  readonly #engine: Asks;

  constructor(engine: Asks) {
    this.#engine = engine;
  }

  /** Looks into as many more. */
  async more(): Promise<void> {
    this.#wanted += PAGE;
    await this.#looking;
    return this.look();
  }

  /** Looks at what has changed; one look at a time, for all who want one. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    try {
      const found = runStreams(await this.#engine.call("streams"));
      const shown = found.slice(0, this.#wanted);
      await inTurn(shown, (horizon) => this.#read(horizon));
      const known = new Map([...this.#known].filter(([stream]) => shown.some((each) => each.stream === stream)));
      this.#known = known;
      this.total.value = found.length;
      this.runs.value = shown.flatMap(({ stream }) => known.get(stream)?.facts ?? []);
      this.failure.value = "";
    } catch (error) {
      this.failure.value = error instanceof Error ? error.message : String(error);
    }
  }

  async #read(horizon: StreamHorizon): Promise<void> {
    if (this.#known.get(horizon.stream)?.newest === horizon.newest) return;
    this.#known.set(horizon.stream, { newest: horizon.newest, facts: await readRun(this.#engine, horizon) });
  }
}

/** How a run stands now. */
export async function readRun(engine: Asks, horizon: StreamHorizon): Promise<RunFacts> {
  const { stream } = horizon;
  const [begin, end, errors] = await Promise.all([
    engine.call("page", stream, { after: "0-0", limit: TELLING }),
    engine.call("latest", stream, { limit: TELLING }),
    engine.call("summary", stream, { query: "level:>=error", buckets: 1 }),
  ]);
  return factsOf(horizon, begin.records, end.records, errors.total);
}

async function inTurn<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
