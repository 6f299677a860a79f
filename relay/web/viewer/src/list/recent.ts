// What was opened last, and at most so many characters of message each: what is larger is fetched again.
const MOST = 20;
const LARGE = 1_000_000;

/** The last few things that were looked at, by key. */
export class Recent<T extends { message: string }> {
  readonly #kept = new Map<number, T>();

  get(key: number): T | undefined {
    return this.#kept.get(key);
  }

  set(key: number, value: T): void {
    if (value.message.length > LARGE) return;
    this.#kept.delete(key);
    this.#kept.set(key, value);
    if (this.#kept.size > MOST) this.#kept.delete(this.#kept.keys().next().value ?? key);
  }
}
