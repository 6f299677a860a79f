import type { Client, Proof, Question, StreamEvent, Subscription, SubscriptionState } from "@tailrace/client";
import type { EngineQuestion } from "./protocol.ts";

/** What a subscription is before there is one. */
export const NO_STATE: SubscriptionState = {
  connection: "connecting",
  live: false,
  gateway: null,
  url: "",
  transport: "websocket",
  cursor: null,
  reconnects: 0,
  retryAt: null,
  error: null,
};

export const NO_PROOF: Proof = {
  records: 0,
  lost: {},
  declared: 0,
  gaps: 0,
  withdrawn: 0,
  duplicates: 0,
  outOfOrder: 0,
  missing: 0,
  unreadable: 0,
  reconnects: 0,
  whole: true,
};

/** The live side of a question: one subscription at a time, which can be exchanged for one with another query. */
export class Following {
  readonly #client: Client;
  readonly #hear: (event: StreamEvent) => void;
  #subscription: Subscription | null = null;
  #unlisten: () => void = () => undefined;
  /** What those before have shown. */
  #shown = NO_PROOF;
  /** The one before, until the gateway has greeted the new one. */
  #former: Subscription | null = null;
  #held = false;

  constructor(client: Client, hear: (event: StreamEvent) => void) {
    this.#client = client;
    this.#hear = hear;
  }

  get state(): SubscriptionState {
    return this.#subscription?.state ?? NO_STATE;
  }

  /** Of all that was received, with whatever query. */
  get proof(): Proof {
    return [this.#former, this.#subscription].reduce(
      (sum, each) => (each ? added(sum, each.prove()) : sum),
      this.#shown,
    );
  }

  /** Whether it was let go of, so that what comes stays in Redis. */
  get held(): boolean {
    return this.#held;
  }

  /** Begins to follow a question, in place of whatever was followed. */
  begin(question: EngineQuestion, after?: string): void {
    this.close();
    this.#open(subscribing(question, after));
  }

  /**
   * Goes on with another question: from where this one stands, or from `after`. Until a gateway takes it this one only
   * waits, and `back` returns to it.
   */
  exchange(question: EngineQuestion, after?: string): void {
    const former = this.#former ?? this.#subscription;
    const from = after ?? former?.state.cursor ?? undefined;
    if (this.#former) this.#end(this.#subscription);
    this.#unlisten();
    former?.hold();
    this.#former = former;
    this.#open(subscribing(question, from));
  }

  /** The new question was taken. */
  settle(): void {
    this.#end(this.#former);
    this.#former = null;
    if (this.#held) this.#subscription?.hold();
  }

  /** The new question was refused: on with the one before. Whether there was one. */
  back(): boolean {
    if (!this.#former) return false;
    this.#unlisten();
    this.#end(this.#subscription);
    const former = this.#former;
    this.#former = null;
    this.#listen(former);
    if (!this.#held) former.resume();
    return true;
  }

  hold(): void {
    if (this.#held) return;
    this.#held = true;
    this.#subscription?.hold();
  }

  resume(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#subscription?.resume();
  }

  retry(): void {
    this.#subscription?.retry();
  }

  close(): void {
    this.#unlisten();
    this.settle();
    this.#end(this.#subscription);
    this.#subscription = null;
  }

  #end(subscription: Subscription | null): void {
    if (subscription) this.#shown = added(this.#shown, subscription.prove());
    subscription?.close();
  }

  #open(question: Question): void {
    this.#listen(this.#client.subscribe(question));
    // What takes the place of another one has to be taken first.
    if (this.#held && !this.#former) this.#subscription?.hold();
  }

  #listen(subscription: Subscription): void {
    this.#subscription = subscription;
    this.#unlisten = subscription.listen(this.#hear);
  }
}

/** Both together. */
function added({ lost, whole, ...counts }: Proof, { lost: alsoLost, whole: alsoWhole, ...others }: Proof): Proof {
  return { ...sums(counts, others), lost: sums(lost, alsoLost), whole: whole && alsoWhole };
}

function sums<T extends Record<string, number>>(one: T, other: T): T {
  const all: Record<string, number> = { ...one };
  for (const key in other) all[key] = (all[key] ?? 0) + (other[key] ?? 0);
  return all as T;
}

function subscribing({ streams, query, tail, since }: EngineQuestion, after?: string): Question {
  const question: Question = { streams, query };
  if (after !== undefined) question.after = after;
  else if (since) question.since = since;
  else question.tail = tail;
  return question;
}
