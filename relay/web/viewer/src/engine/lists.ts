import { compare, type Entry, nameOf, type RecordEntry } from "./entry.ts";
import type { Holding } from "./holding.ts";
import { Listing } from "./listing.ts";
import type { ListName, Opened } from "./protocol.ts";
import type { Sieve } from "./sieve.ts";
import { Slices } from "./slices.ts";

// Entries between two looks at the clock: a query may take some ms for each.
const CHUNK = 64;

export const LIST_NAMES: readonly ListName[] = ["all", "system", "audit"];

/** What is still to do of all that was held when it began: those before `end`. */
interface Rest {
  entries: readonly Entry[];
  end: number;
}

/** The three lists of what is held, filtered alike. */
export class Lists {
  readonly #holding: Holding;
  readonly #changed: () => void;
  readonly #slices = new Slices();
  #sieve: Sieve;
  #find: Sieve | null = null;
  #lists = made();
  #still = false;
  /** What was held last when the lists began to stand still. */
  #last: Entry | undefined;
  #unfiltered: Rest | null = null;
  #unsearched: Rest | null = null;

  constructor(holding: Holding, sieve: Sieve, changed: () => void) {
    this.#holding = holding;
    this.#sieve = sieve;
    this.#changed = changed;
  }

  get sieve(): Sieve {
    return this.#sieve;
  }

  get find(): Sieve | null {
    return this.#find;
  }

  /** Whether all that is held was filtered and searched. */
  get settled(): boolean {
    return !this.#slices.busy;
  }

  of(name: ListName): Listing {
    return this.#lists[name];
  }

  each(): Listing[] {
    return Object.values(this.#lists);
  }

  /** Has each list show a record and what stands around it, whatever its reader looked at; null when none has it. */
  open(record: string): Opened | null {
    const { sequence } = this.#holding;
    const entry = sequence.at(sequence.find(0, true, (each) => each.type === "record" && nameOf(each) === record));
    if (entry?.type !== "record") return null;
    const rows = LIST_NAMES.map((name) => [name, this.#lists[name].open(entry)]).filter(([, row]) => row !== null);
    return rows.length ? { record, key: entry.key, time: entry.time, rows: Object.fromEntries(rows) } : null;
  }

  /** Has all lists stand still, or take in what came meanwhile. */
  stand(still: boolean): void {
    const { sequence } = this.#holding;
    if (still && !this.#still) this.#last = sequence.at(sequence.length - 1);
    this.#still = still;
    for (const list of this.each()) list.stand(still);
  }

  /** Takes in what comes behind; `asked`: because somebody wants to read on, and not by itself. */
  insert(entries: readonly Entry[], asked = false): void {
    const matching = this.#matching(entries, this.#find);
    for (const list of this.each()) list.insert(matching, asked);
  }

  /** Takes in what is older than all that is shown of the same streams. */
  prepend(entries: readonly Entry[]): void {
    this.#put(entries, this.#find);
  }

  /** Lets go of what has left at the front. */
  leave(): void {
    for (const list of this.each()) list.leave();
  }

  /** Lets go of what was taken away anywhere. */
  sweep(): void {
    for (const list of this.each()) list.sweep();
  }

  /**
   * Filters all that is held anew, the newest first: some at once, the rest in slices. The numbers of rows begin anew.
   */
  filter(sieve: Sieve): void {
    if (sieve === this.#sieve) return;
    this.#sieve = sieve;
    this.refill();
  }

  /** Begins anew with all that is held. */
  refill(): void {
    const old = this.#lists;
    this.#lists = made();
    for (const name of LIST_NAMES) this.#lists[name].look = old[name].look;
    for (const list of this.each()) list.stand(this.#still);
    this.#unfiltered = this.#all();
    if (this.#still) this.#holdBack(this.#unfiltered);
    if (this.#find) this.#unsearched = this.#all();
    this.#slices.begin(() => this.#work());
  }

  /** What came since the lists stand still is held back, however they are filtered. */
  #holdBack(rest: Rest): void {
    const last = this.#last;
    const isShown = (entry: Entry) => entry === last || (last !== undefined && compare(entry, last) < 0);
    const end = this.#holding.sequence.find(rest.end - 1, false, isShown) + 1;
    this.insert(rest.entries.slice(end, rest.end));
    rest.end = end;
  }

  /** Looks for a text in all that is held; null for none. */
  search(find: Sieve | null): void {
    this.#find = find;
    this.#unsearched = this.#all();
    this.#slices.begin(() => this.#work());
  }

  close(): void {
    this.#slices.close();
  }

  #all(): Rest {
    const { sequence } = this.#holding;
    return { entries: sequence.slice(0, sequence.length), end: sequence.length };
  }

  /** Does a piece of what is to do, filtering first: what is not in the lists yet cannot be counted there. */
  #work(): boolean {
    this.#changed();
    if (this.#unfiltered) {
      // Whether they are hits was found out already, or will be.
      this.#put(next(this.#unfiltered), null);
      if (this.#unfiltered.end === 0) this.#unfiltered = null;
    } else if (this.#unsearched) {
      for (const entry of next(this.#unsearched)) this.#seek(entry);
      if (this.#unsearched.end === 0) this.#unsearched = null;
    }
    return this.#unfiltered !== null || this.#unsearched !== null;
  }

  #put(entries: readonly Entry[], find: Sieve | null): void {
    const matching = this.#matching(entries, find);
    for (const list of this.each()) list.prepend(matching);
  }

  #matching(entries: readonly Entry[], find: Sieve | null): Entry[] {
    return entries.filter((entry) => {
      if (entry.type !== "record") return true;
      if (!this.#sieve.matches(entry.record)) return false;
      if (find) entry.hit = find.matches(entry.record);
      return true;
    });
  }

  #seek(entry: Entry): void {
    if (entry.type !== "record") return;
    const hit = this.#find?.matches(entry.record) ?? false;
    if (hit === entry.hit) return;
    entry.hit = hit;
    if (this.#sieve.matches(entry.record)) for (const list of this.each()) list.countHit(entry, hit ? 1 : -1);
  }
}

/** The newest of the rest that are still held. */
function next(rest: Rest): Entry[] {
  const start = Math.max(0, rest.end - CHUNK);
  const entries = rest.entries.slice(start, rest.end).filter((entry) => !entry.gone);
  rest.end = start;
  return entries;
}

function made(): Record<ListName, Listing> {
  return {
    all: new Listing(() => true),
    system: new Listing((entry) => entry.type !== "record" || !entry.audit),
    audit: new Listing((entry) => entry.type !== "record" || (entry as RecordEntry).audit),
  };
}
