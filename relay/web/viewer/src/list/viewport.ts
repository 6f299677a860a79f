import { Heights } from "./heights.ts";

/** How near to the end is at the end, in px. */
const NEAR_END = 10;

/** From one row, this one included, to another, which is not. */
export interface Range {
  from: number;
  to: number;
}

/**
 * What part of a list is in sight, in px. The scrolled content begins at `origin`, a place among the rows as `Heights`
 * counts them: so rows that come, leave or turn out higher, before what is being read, change `origin` and not where the
 * reader is. `settle` brings `origin` back to the first row, at a moment when nobody is scrolling.
 */
export class Viewport {
  readonly heights: Heights;
  first = 0;
  count = 0;
  /** How far the content is scrolled. */
  top = 0;
  /** How high the part in sight is. */
  size = 0;
  #origin = 0;
  /** The row that stays where it is. */
  #anchor = 0;

  constructor(row: number) {
    this.heights = new Heights(row);
  }

  get end(): number {
    return this.first + this.count;
  }

  get anchor(): number {
    return this.#anchor;
  }

  /** How high the content is. */
  get height(): number {
    return Math.max(0, this.y(this.end));
  }

  /** How far it can be scrolled. */
  get room(): number {
    return Math.max(0, this.height - this.size);
  }

  get atEnd(): boolean {
    return this.top >= this.room - NEAR_END;
  }

  /** Where in the content a row begins. */
  y(number: number): number {
    return this.heights.place(number) - this.#origin;
  }

  /** Rows came or left, or were measured: the row that is being read stays where it is. */
  change(changing: () => void): void {
    const y = this.y(this.#anchor);
    changing();
    this.#origin = this.heights.place(this.#anchor) - y;
  }

  /** The row that is being read is another one now, and stays where it is. */
  renumber(number: number): void {
    this.#origin += this.heights.place(number) - this.heights.place(this.#anchor);
    this.#anchor = number;
  }

  /** Somebody scrolled. */
  scroll(top: number): void {
    this.top = top;
    this.#anchor = this.#within(this.heights.rowAt(this.#origin + top));
  }

  /** Has the content begin with the first row; nothing moves that is in sight, unless it is beyond an end. */
  settle(): void {
    const before = this.y(this.first);
    this.#origin += before;
    this.scroll(Math.min(Math.max(0, this.top - before), this.room));
  }

  toEnd(): void {
    this.settle();
    this.scroll(this.room);
  }

  /** Scrolls no further than needed to see a row, or to have it a third from the top. It stays there. */
  show(number: number, how: "near" | "third"): void {
    this.settle();
    const [begin, end] = [this.y(number), this.y(number + 1)];
    const third = begin - this.size / 3;
    const near = begin < this.top ? begin : Math.max(this.top, Math.min(begin, end - this.size));
    this.scroll(Math.round(Math.min(Math.max(0, how === "third" ? third : near), this.room)));
    this.#anchor = this.#within(number);
  }

  /** Whether all of a row is in sight, or all that can be. */
  sees(number: number): boolean {
    const [begin, end] = [this.y(number), this.y(number + 1)];
    return begin >= this.top && (end <= this.top + this.size || begin === this.top);
  }

  /** The rows in sight and some more on each side. */
  range(more: number): Range {
    const from = this.heights.rowAt(this.#origin + this.top) - more;
    const to = this.heights.rowAt(this.#origin + this.top + this.size) + 1 + more;
    return { from: Math.max(this.first, from), to: Math.max(this.first, Math.min(this.end, to)) };
  }

  #within(number: number): number {
    return Math.max(this.first, Math.min(number, this.end - 1));
  }
}
