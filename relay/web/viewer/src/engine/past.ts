import { type Client, type Page, TailraceError } from "@tailrace/client";
import type { Entry } from "./entry.ts";
import type { Holding } from "./holding.ts";
import type { PastPages } from "./past_pages.ts";
import { isSingle } from "./places.ts";
import type { EngineQuestion, Frame } from "./protocol.ts";

/** What was found of history, and is held now. */
export interface Found {
  entries: Entry[];
  /** There is nothing further on that side. */
  done: boolean;
}

/** How far history was read. */
export interface Ends {
  /** Nothing stands before what is held. */
  exhausted: boolean;
  /** Where reading goes on behind what is held, when it has not come to the end. */
  onward: string | null;
}

/** Who reads history. */
export interface Reader {
  /** Ends all that is on its way. */
  signal: AbortSignal;
  /** Whether a question is still asked: what comes of another is not added, since it leaves out what this one selects. */
  isAsked: (question: EngineQuestion) => boolean;
}

/** A record whose surroundings are asked for. */
export interface Place {
  stream: string;
  id: string;
  /** Whether its stream is all that the question is about. */
  single: boolean;
  /** Whether all of its stream is selected, so that its context is all there is to show. */
  whole: boolean;
  /** How many records of its surroundings are shown on each side. */
  reach: number;
  /** Asks for it and, where that is `whole`, for what stands around it. */
  context: () => Promise<Page>;
}

// Records on each side of one that is looked at in its surroundings.
const AROUND = 100;

/** The history of a question: what stands before and behind that which is held. What reads it is loaded when it is asked for. */
export class Past {
  readonly #client: Client;
  readonly #reader: Reader;
  readonly #load: () => Promise<PastPages>;
  readonly #ends: Ends = { exhausted: false, onward: null };
  #pages: PastPages | null = null;

  constructor(client: Client, holding: Holding, reader: Reader) {
    this.#client = client;
    this.#reader = reader;
    this.#load = async () => {
      const { PastPages } = await import("./past_pages.ts").catch((cause: unknown) => {
        // A gateway that is away is tried again.
        throw new TailraceError("network", "the part of the page that reads history was not loaded", { cause });
      });
      return new PastPages(client, holding, reader, this.#ends);
    };
  }

  /** Whether anything may stand on either side of what is held that was not read yet. */
  get more(): Frame["more"] {
    return { older: !this.#ends.exhausted, newer: this.#ends.onward !== null };
  }

  get onward(): string | null {
    return this.#ends.onward;
  }

  set onward(cursor: string | null) {
    this.#ends.onward = cursor;
  }

  /** What was held of the beginning has left: it may be asked for again. */
  reopen(): void {
    this.#ends.exhausted = false;
  }

  /** What stands before all that is held. */
  async older(question: EngineQuestion, limit?: number): Promise<Found> {
    return (await this.#read()).older(question, limit);
  }

  /** What stood before the newest that ever was held; `begin` makes room for it, and says whether it is still wanted. */
  async newest(question: EngineQuestion, limit: number, begin: () => boolean): Promise<Entry[]> {
    return (await this.#read()).newest(question, limit, begin);
  }

  /** What stands behind all that is held. */
  async newer(question: EngineQuestion, limit?: number): Promise<Found> {
    return (await this.#read()).newer(question, limit);
  }

  /** A record, and what stands around it in all streams. Nothing may be held yet. */
  async around(question: EngineQuestion, stream: string, id: string): Promise<void> {
    const single = isSingle(question.streams) && question.streams[0] === stream;
    const whole = single && !question.query && !question.since && !question.until;
    const ask = () => this.#client.context(stream, id, whole ? AROUND : 0, this.#reader.signal);
    // What reads the answer is loaded meanwhile.
    let asked = this.#pages ? null : ask();
    asked?.catch(() => undefined); // that is told to whoever reads it
    const context = () => {
      const answer = asked ?? ask();
      asked = null;
      return answer;
    };
    await (await this.#read()).around(question, { stream, id, single, whole, reach: AROUND, context });
  }

  async #read(): Promise<PastPages> {
    this.#pages ??= await this.#load();
    return this.#pages;
  }
}
