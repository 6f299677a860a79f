import { compare, type Entry } from "./entry.ts";

// Places of dropped entries at the front, before the rest moves down.
const SLACK = 16_384;

/** Entries in order. Appending and dropping from the front cost nothing; what belongs further in moves only what is behind it. */
export class Sequence {
  #items: Entry[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  at(index: number): Entry | undefined {
    return index < 0 ? undefined : this.#items[this.#head + index];
  }

  slice(from: number, to: number): Entry[] {
    return this.#items.slice(this.#head + Math.max(0, from), this.#head + Math.max(0, to));
  }

  /** Adds what is in order among itself, each behind all that does not stand behind it. */
  insert(batch: readonly Entry[]): void {
    const first = batch[0];
    const last = this.#items.at(-1);
    if (!first) return;
    if (this.length === 0 || !last || compare(last, first) <= 0) for (const each of batch) this.#items.push(each);
    else merge(this.#items, this.#items.splice(this.#search(first, 1)), batch);
  }

  /** Adds older ones, which are in order among themselves, each before all that does not stand before it. */
  prepend(batch: readonly Entry[]): void {
    const end = batch.at(-1);
    if (!end) return;
    const first = this.at(0);
    if (!first || compare(end, first) <= 0) {
      this.#put(batch);
      return;
    }
    const bound = this.#search(end, 0);
    const rest = this.#items.slice(bound);
    const front = this.#items.slice(this.#head, bound);
    this.#items = [];
    this.#head = 0;
    merge(this.#items, batch, front);
    this.#items = this.#items.concat(rest);
  }

  /** Takes away so many from the front. */
  drop(count: number): Entry[] {
    const dropped = this.slice(0, count);
    this.#items.fill(undefined as never, this.#head, this.#head + dropped.length);
    this.#head += dropped.length;
    if (this.#head > SLACK && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return dropped;
  }

  /** Takes away so many from the end. */
  cut(count: number): Entry[] {
    return this.#items.splice(Math.max(this.#head, this.#items.length - count));
  }

  /** Takes out all that are gone. */
  sweep(): Entry[] {
    const all = this.slice(0, this.length);
    const gone = all.filter((each) => each.gone);
    if (gone.length) {
      this.#items = all.filter((each) => !each.gone);
      this.#head = 0;
    }
    return gone;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
  }

  /** Where an entry stands, or -1. */
  indexOf(entry: Entry): number {
    for (let at = this.#search(entry, 0); at < this.#items.length; at += 1) {
      const each = this.#items[at];
      if (each === entry) return at - this.#head;
      if (!each || compare(each, entry) > 0) break;
    }
    return -1;
  }

  /** The index of the first that fulfils a condition, going on from one; or -1. */
  find(from: number, forward: boolean, fits: (entry: Entry) => boolean): number {
    const step = forward ? 1 : -1;
    for (let index = from; index >= 0 && index < this.length; index += step) {
      const entry = this.at(index);
      if (entry && fits(entry)) return index;
    }
    return -1;
  }

  *[Symbol.iterator](): Generator<Entry> {
    for (let at = this.#head; at < this.#items.length; at += 1) yield this.#items[at] as Entry;
  }

  /** Puts entries before all others, into places that are free; when there are too few, there will be as many again. */
  #put(batch: readonly Entry[]): void {
    if (batch.length > this.#head) {
      const free = batch.length + this.length;
      const items = new Array<Entry>(free);
      this.#items = items.concat(this.#items.slice(this.#head));
      this.#head = free;
    }
    this.#head -= batch.length;
    for (const [index, entry] of batch.entries()) this.#items[this.#head + index] = entry;
  }

  /** The first place behind all that stand before `entry`, and, with `equal` 1, behind its equals. */
  #search(entry: Entry, equal: 0 | 1): number {
    let low = this.#head;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compare(this.#items[middle] as Entry, entry) < equal) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Appends two that are in order to `into`, in order; of equals those of `early` come first. */
function merge(into: Entry[], early: readonly Entry[], late: readonly Entry[]): void {
  let at = 0;
  for (const each of early) {
    for (let other = late[at]; other && compare(other, each) < 0; other = late[++at]) into.push(other);
    into.push(each);
  }
  for (const other of late.slice(at)) into.push(other);
}
