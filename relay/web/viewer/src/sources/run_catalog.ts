import { signal } from "@preact/signals";
import type { StreamHorizon } from "@tailrace/client";
import type { Engine } from "../engine/engine.ts";
import { RunErrors } from "./run_errors.ts";
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
  errors: RunErrors;
}

/** The newest runs, and how each of them stands. */
export class RunCatalog {
  /** The newest first; null before anything is known. */
  readonly runs = signal<RunFacts[] | null>(null);
  /** How many runs there are; more than `runs` has, perhaps. */
  readonly total = signal(0);
  /** What failed in the last look, and why; "" when nothing did. */
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
      const failures: string[] = [];
      await inTurn(shown, (horizon) =>
        this.#read(horizon).catch((error: unknown) => {
          failures.push(`${horizon.stream} could not be read: ${wordsOf(error)}`);
        }),
      );
      const known = new Map([...this.#known].filter(([stream]) => shown.some((each) => each.stream === stream)));
      this.#known = known;
      this.total.value = found.length;
      this.runs.value = shown.flatMap(({ stream }) => known.get(stream)?.facts ?? []);
      this.failure.value = failures[0] ?? "";
    } catch (error) {
      this.failure.value = `The runs could not be listed: ${wordsOf(error)}`;
    }
  }

  async #read(horizon: StreamHorizon): Promise<void> {
    const { stream, newest } = horizon;
    const known = this.#known.get(stream);
    if (known?.newest === newest) return;
    const errors = known?.errors ?? new RunErrors(this.#engine);
    this.#known.set(stream, { newest, errors, facts: await readRun(this.#engine, horizon, errors) });
  }
}

/** How a run stands now; `counted` are its errors as they were counted before. */
export async function readRun(engine: Asks, horizon: StreamHorizon, counted: RunErrors): Promise<RunFacts> {
  const { stream } = horizon;
  const [begin, end, errors] = await Promise.all([
    engine.call("page", stream, { after: "0-0", limit: TELLING }),
    engine.call("latest", stream, { limit: TELLING }),
    counted.of(horizon),
  ]);
  return factsOf(horizon, begin.records, end.records, errors);
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function inTurn<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
