import { Backlog } from "./backlog.ts";
import type { Question, Subscription } from "./client.ts";
import { Continuity, type Told } from "./continuity.ts";
import { alike } from "./cursor.ts";
import type { Proof, StreamEvent, SubscriptionState } from "./events.ts";
import { Line, NO_SENSE, type Owner, type Setup } from "./line.ts";
import { tell } from "./listeners.ts";
import type { CursorMessage, Message } from "./messages.ts";
import { names, type Parameters, parametersOf } from "./question.ts";

type Listener = (event: StreamEvent) => void;

/**
 * A question followed for as long as it is open: on one connection of its own, so that no other question, slow or
 * refused, holds it up. Gateways share the work between equal questions in any case.
 */
export class Following implements Subscription, Owner {
  state: SubscriptionState;
  readonly #question: Question;
  readonly #line: Line;
  readonly #continuity: Continuity;
  readonly #listeners = new Set<Listener>();
  // What comes before anybody listens; whoever is first takes it.
  #unheard: Backlog | null;
  readonly #backlogs: Set<Backlog>;
  readonly #ended: () => void;
  #cursor: string | null = null;
  #live = false;
  #held = false;
  // What was missing or unreadable since it was last live: what is so again is taken for what it is. Records of other
  // streams settle no doubt; what is so for good is so again before the gateway says that all has come.
  readonly #doubts = new Set<string>();

  /** @param ended called when it is closed. */
  constructor(setup: Setup, question: Question, ended: () => void) {
    this.#question = { ...question };
    this.#ended = ended;
    this.#unheard = new Backlog();
    this.#backlogs = new Set([this.#unheard]);
    parametersOf(question, null); // a mistake in a time is the caller's
    this.#continuity = new Continuity(names(question.streams));
    this.#line = new Line(setup, this, "api/live", "api/live/events");
    this.state = this.#snapshot();
    this.#line.open();
  }

  listen(listener: Listener): () => void {
    // A function that listens twice is two listeners.
    const own: Listener = (event) => tell(listener, event);
    this.#listeners.add(own);
    const unheard = this.#unheard;
    this.#unheard = null;
    if (unheard) this.#backlogs.delete(unheard);
    for (const event of unheard?.takeAll() ?? []) own(event);
    this.#goOn();
    return () => void this.#listeners.delete(own);
  }

  [Symbol.asyncIterator](): AsyncIterator<StreamEvent, undefined> {
    const backlog = this.#unheard ?? new Backlog();
    this.#unheard = null;
    this.#backlogs.add(backlog);
    if (this.state.connection === "closed") backlog.end();
    return {
      next: () => {
        const taken = backlog.take();
        this.#goOn();
        return taken;
      },
      return: async () => {
        backlog.end();
        this.#backlogs.delete(backlog);
        if (this.#backlogs.size === 0 && this.#listeners.size === 0) this.close();
        else this.#goOn();
        return { value: undefined, done: true };
      },
    };
  }

  hold(): void {
    if (this.state.connection === "closed") return;
    this.#held = true;
    this.#line.hold();
  }

  resume(): void {
    this.#held = false;
    this.#goOn();
  }

  retry(): void {
    this.#line.retry();
  }

  prove(): Proof {
    const { counts } = this.#continuity;
    return {
      ...counts,
      lost: { ...counts.lost },
      reconnects: this.#line.state.reconnects,
      whole: !(counts.duplicates + counts.outOfOrder + counts.missing + counts.unreadable),
    };
  }

  close(): void {
    if (this.state.connection === "closed") return;
    this.#line.close();
    for (const backlog of this.#backlogs) backlog.end();
    this.#ended();
  }

  // For the line.

  asked(): Parameters {
    return parametersOf(this.#question, this.#cursor);
  }

  /** Hands on what a message gives; what did not come before it is asked for once more. */
  take(message: Message, size: number): void {
    if (!("cursor" in message) || message.cursor === null) return;
    const take = (accept: boolean) => this.#continuity.take(message as CursorMessage, this.#cursor ?? "", accept);
    let taken = take(false);
    if (!Array.isArray(taken)) {
      const { stream, after, before } = taken;
      if (this.#doubt(`${stream} ${after}`, `records ${after + 1} to ${before - 1} of '${stream}' did not come`))
        return;
      taken = take(true);
    }
    if (message.type === "status" && message.state === "live") {
      this.#live = true;
      this.#doubts.clear();
    }
    this.#give(Array.isArray(taken) ? taken : [], message.cursor, size);
  }

  unreadable(): void {
    this.#continuity.counts.unreadable += 1;
    this.#doubt("", NO_SENSE);
  }

  changed(): void {
    if (this.#line.state.connection !== "connected") this.#live = false;
    this.#tell();
  }

  #give(events: Told[], cursor: string, size: number): void {
    for (const [index, event] of events.entries()) {
      if (this.state.connection === "closed") return;
      this.#cursor = event.cursor;
      this.state = this.#snapshot();
      this.#emit(event, index ? 0 : size);
    }
    this.#cursor = cursor;
    if (!events.length) this.#tell();
    // Somebody has more than enough to take; the rest waits in Redis.
    if (this.state.connection === "connected" && [...this.#backlogs].some(({ full }) => full)) this.#line.hold();
  }

  #doubt(what: string, text: string): boolean {
    if (this.#doubts.has(what)) return false;
    this.#doubts.add(what);
    this.#line.again(text);
    return true;
  }

  #snapshot(): SubscriptionState {
    return { ...this.#line.state, live: this.#live, cursor: this.#cursor };
  }

  #tell(): void {
    const next = this.#snapshot();
    if (alike(next, this.state)) return;
    this.state = next;
    this.#emit({ type: "state", state: next }, 0);
  }

  #emit(event: StreamEvent, size: number): void {
    for (const backlog of this.#backlogs) backlog.put(event, size);
    for (const listener of this.#listeners) listener(event);
  }

  #goOn(): void {
    if (this.#held || this.state.connection !== "held") return;
    if ([...this.#backlogs].every(({ low }) => low)) this.#line.open();
  }
}
