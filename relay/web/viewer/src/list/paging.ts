import { signal } from "@preact/signals";
import type { Answers, ListName } from "../engine/protocol.ts";
import { engine } from "../state/page.ts";

/** `done`: there is nothing further on that side. */
export type Paging = "idle" | "busy" | "done" | "failed";

/** Fetches history on one side of a list, one page at a time. */
export class Pages {
  readonly #list: ListName;
  readonly #side: "older" | "newer";
  /** Counts the lists that there were: what was asked for one is no answer for the next. */
  #epoch = 0;
  readonly state = signal<Paging>("idle");
  /** Why the last page did not come. */
  readonly reason = signal("");

  constructor(list: ListName, side: "older" | "newer") {
    this.#list = list;
    this.#side = side;
  }

  /** Fetches the next page, unless one is on its way or there is none. */
  more(): void {
    if (this.state.peek() !== "idle") return;
    this.state.value = "busy";
    const epoch = this.#epoch;
    engine[this.#side](this.#list).then(
      (answer) => this.#end(epoch, answer),
      (error: Error) => this.#fail(epoch, error),
    );
  }

  /** There is more on this side, or not; what was said before may hold no longer. */
  knows(more: boolean): void {
    if (more && this.state.peek() === "done") this.state.value = "idle";
  }

  /** The list is another one, or what failed shall be tried again. */
  renew(): void {
    if (this.state.peek() === "idle") return;
    this.#epoch += 1;
    this.state.value = "idle";
  }

  #end(epoch: number, { done }: Answers["older"]): void {
    if (epoch === this.#epoch) this.state.value = done ? "done" : "idle";
  }

  #fail(epoch: number, error: Error): void {
    if (epoch !== this.#epoch) return;
    this.reason.value = error.message;
    this.state.value = "failed";
  }
}
