// ms that work may take before others have their turn: half of what a screen shows a frame for.
const SLICE = 8;

/** Work that is done in slices, so that commands and records get between them. */
export class Slices {
  readonly #channel = new MessageChannel();
  #work: (() => boolean) | null = null;
  #waiting = false;

  constructor() {
    // Unlike timers, messages wait for nothing but their turn.
    this.#channel.port1.onmessage = () => {
      this.#waiting = false;
      this.#go();
    };
  }

  /** Whether there is something left to do. */
  get busy(): boolean {
    return this.#work !== null;
  }

  /** Calls `work` until it says false, the first time at once. What was not done yet of another is forgotten. */
  begin(work: () => boolean): void {
    this.#work = work;
    this.#go();
  }

  stop(): void {
    this.#work = null;
  }

  close(): void {
    this.stop();
    this.#channel.port1.close();
  }

  #go(): void {
    const work = this.#work;
    if (!work) return;
    const end = performance.now() + SLICE;
    while (work()) {
      if (performance.now() < end) continue;
      if (!this.#waiting) this.#channel.port2.postMessage(null);
      this.#waiting = true;
      return;
    }
    if (this.#work === work) this.#work = null;
  }
}
