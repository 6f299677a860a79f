import { type SubscriptionState, TailraceError } from "@tailrace/client";
import { NO_STATE } from "./following.ts";

// What another try may mend.
const PASSING = ["network", "unavailable", "too_many"];

// ms until it is tried again.
const PAUSE = 2_000;

/** A question about the past, which is asked until a gateway has answered; its state is as a subscription's. */
export class Opening {
  readonly #work: () => Promise<void>;
  readonly #changed: () => void;
  #state: SubscriptionState = NO_STATE;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(work: () => Promise<void>, changed: () => void) {
    this.#work = work;
    this.#changed = changed;
    queueMicrotask(() => void this.#try());
  }

  /** `live` when all is there that was asked for. */
  get state(): SubscriptionState {
    return this.#state;
  }

  /** Tries at once, if it is waiting to try. */
  retry(): void {
    if (this.#state.connection === "disconnected") void this.#try();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#state = { ...this.#state, connection: "closed" };
  }

  async #try(): Promise<void> {
    if (this.#state.connection === "closed") return;
    clearTimeout(this.#timer);
    this.#say({ connection: "connecting", retryAt: null });
    try {
      await this.#work();
      this.#say({ connection: "connected", live: true, error: null });
    } catch (error) {
      this.#fail(error instanceof TailraceError ? error : new TailraceError("failed", String(error), { cause: error }));
    }
  }

  #fail(error: TailraceError): void {
    if (this.#state.connection === "closed") return;
    if (!PASSING.includes(error.code)) this.#say({ connection: "refused", error });
    else {
      this.#say({ connection: "disconnected", error, retryAt: Date.now() + PAUSE });
      this.#timer = setTimeout(() => void this.#try(), PAUSE);
    }
  }

  #say(change: Partial<SubscriptionState>): void {
    if (this.#state.connection === "closed") return;
    this.#state = { ...this.#state, ...change };
    this.#changed();
  }
}
