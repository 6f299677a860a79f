/** Measured rows that are remembered. With as many, a list of 200 000 rows stays within the height that browsers can draw. */
const MOST = 10_000;

interface Measured {
  key: number;
  number: number;
  height: number;
}

/**
 * How high rows are, in px: all alike, but for those that were measured. Each of these belongs to its record and goes with
 * it to another row.
 */
export class Heights {
  #row: number;
  readonly #byKey = new Map<number, Measured>();
  /** In the order of their rows, with what those before each have more than others; null when it must be made anew. */
  #sorted: Measured[] | null = null;
  #more: number[] = [];

  /** @param row what a row has that was not measured. */
  constructor(row: number) {
    this.#row = row;
  }

  get row(): number {
    return this.#row;
  }

  /** Rows have another height; what was measured is forgotten. */
  begin(row: number): void {
    this.#row = row;
    this.#byKey.clear();
    this.#sorted = null;
  }

  /** Where a row begins, counted from row 0. */
  place(number: number): number {
    const before = this.#before((each) => each.number < number);
    return number * this.#row + (this.#more[before] ?? 0);
  }

  /** The row at a place. */
  rowAt(place: number): number {
    const sorted = this.#order();
    const before = this.#before((each, index) => each.number * this.#row + (this.#more[index] ?? 0) <= place);
    const last = sorted[before - 1];
    if (!last) return Math.floor(place / this.#row);
    const end = last.number * this.#row + (this.#more[before - 1] ?? 0) + last.height;
    return place < end ? last.number : last.number + 1 + Math.floor((place - end) / this.#row);
  }

  /** What was measured of a record's row, if it is not like all others. */
  measured(key: number): number | undefined {
    return this.#byKey.get(key)?.height;
  }

  measure(key: number, number: number, height: number): void {
    this.#byKey.delete(key);
    if (height !== this.#row) this.#byKey.set(key, { key, number, height });
    this.#sorted = null;
    if (this.#byKey.size > MOST) this.#byKey.delete(this.#byKey.keys().next().value ?? key);
  }

  /** Says in which row each of some records stands. */
  settle(rows: readonly { key: number; number: number }[]): void {
    if (!this.#byKey.size) return;
    for (const { key, number } of rows) {
      const known = this.#byKey.get(key);
      if (known) known.number = number;
    }
    const standing = new Map(rows.map((row) => [row.number, row.key]));
    for (const { key, number } of this.#byKey.values()) {
      if ((standing.get(number) ?? key) !== key) this.#byKey.delete(key);
    }
    this.#sorted = null;
  }

  /** Forgets all but these records. */
  keep(wanted: (key: number, number: number) => boolean): void {
    for (const { key, number } of this.#byKey.values()) if (!wanted(key, number)) this.#byKey.delete(key);
    this.#sorted = null;
  }

  #order(): Measured[] {
    if (this.#sorted) return this.#sorted;
    this.#sorted = [...this.#byKey.values()].sort((a, b) => a.number - b.number);
    let sum = 0;
    this.#more = [0, ...this.#sorted.map(({ height }) => (sum += height - this.#row))];
    return this.#sorted;
  }

  /** How many of the measured rows, from the first one on, are so. */
  #before(isSo: (each: Measured, index: number) => boolean): number {
    const sorted = this.#order();
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const each = sorted[middle];
      if (each && isSo(each, middle)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
