import type { StreamEvent } from "./events.ts";

// What waits for a slow consumer at most, in characters of messages: some 20 000 records of ordinary length.
const MOST = 8 << 20;

// When it is asked on for more.
const LOW = MOST / 4;

type Taken = IteratorResult<StreamEvent, undefined>;

/** Events that wait to be taken, one after the other. */
export class Backlog {
  #events: [event: StreamEvent, size: number][] = [];
  #size = 0;
  #takers: ((taken: Taken) => void)[] = [];
  #ended = false;

  /** @param size of the message that it came in, in characters. */
  put(event: StreamEvent, size: number): void {
    const taker = this.#takers.shift();
    if (taker) {
      taker({ value: event, done: false });
      return;
    }
    // Of a state that nobody has seen only the last word counts.
    if (event.type === "state" && this.#events.at(-1)?.[0].type === "state") this.#events.pop();
    this.#events.push([event, size]);
    this.#size += size;
  }

  /** The next event, as soon as there is one. */
  async take(): Promise<Taken> {
    const next = this.#events.shift();
    if (!next) return this.#ended ? { value: undefined, done: true } : new Promise((taker) => this.#takers.push(taker));
    this.#size -= next[1];
    return { value: next[0], done: false };
  }

  /** All that waits. */
  takeAll(): StreamEvent[] {
    this.#size = 0;
    return this.#events.splice(0).map(([event]) => event);
  }

  /** Nothing comes any more; what waits can still be taken. */
  end(): void {
    this.#ended = true;
    for (const taker of this.#takers.splice(0)) taker({ value: undefined, done: true });
  }

  get full(): boolean {
    return this.#size > MOST;
  }

  get low(): boolean {
    return this.#size <= LOW;
  }
}
