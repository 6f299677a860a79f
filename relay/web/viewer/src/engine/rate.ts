// A second in slices of 100 ms.
const SLICES = 10;
const SLICE = 100;

/** How many records came in the last second. */
export class Rate {
  readonly #counts: number[] = new Array(SLICES).fill(0);
  #slice = 0;

  add(count: number, now: number): void {
    this.#turn(now);
    const place = this.#slice % SLICES;
    this.#counts[place] = (this.#counts[place] ?? 0) + count;
  }

  at(now: number): number {
    this.#turn(now);
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  #turn(now: number): void {
    const slice = Math.floor(now / SLICE);
    for (let each = Math.max(this.#slice + 1, slice - SLICES + 1); each <= slice; each += 1)
      this.#counts[each % SLICES] = 0;
    this.#slice = Math.max(this.#slice, slice);
  }
}
