import { type Entry, ERROR, type RecordEntry } from "./entry.ts";
import type { Look } from "./protocol.ts";
import { LEVEL_CLASSES } from "./rows.ts";
import { Sequence } from "./sequence.ts";

/** Which of the entries a list shows, and what of it is on the page. */
interface Window {
  first: number;
  entries: Entry[];
}

interface Tally {
  records: number;
  errors: number;
  hits: number;
}

const NOTHING: Readonly<Tally> = { records: 0, errors: 0, hits: 0 };

/**
 * One list: the entries that it shows, each with a row number. Numbers begin at 0 and stay with their rows, whatever comes
 * behind, is loaded before or leaves; only what a slower stream brings late moves rows behind it.
 */
export class Listing {
  readonly #sequence = new Sequence();
  readonly #wants: (entry: Entry) => boolean;
  readonly #levels: number[] = LEVEL_CLASSES.map(() => 0);
  #first = 0;
  #records = 0;
  #hits = 0;
  #look: Look = { follow: true, count: 0 };
  /** Where the list ends while it stands still: behind this row. */
  #end: number | null = null;
  /** What came behind that end, and what came since the list is not followed. */
  #beyond: Tally = NOTHING;
  #unseen: Tally = NOTHING;

  /** @param wants which entries this list is for, of those that match. */
  constructor(wants: (entry: Entry) => boolean) {
    this.#wants = wants;
  }

  /** The number of the first row. */
  get first(): number {
    return this.#first;
  }

  /** Rows, as far as they are shown. */
  get count(): number {
    return Math.max(0, (this.#end ?? this.#first + this.#sequence.length) - this.#first);
  }

  get records(): number {
    return this.#records - this.#beyond.records;
  }

  get hits(): number {
    return this.#hits - this.#beyond.hits;
  }

  get unseen(): { records: number; errors: number } {
    return { records: this.#unseen.records, errors: this.#unseen.errors };
  }

  /** Records by place in `LEVEL_CLASSES`, also of those behind the end of a list that stands still. */
  get levels(): readonly number[] {
    return this.#levels;
  }

  get look(): Look {
    return this.#look;
  }

  set look(look: Look) {
    this.#look = look;
    if (look.follow && this.#end === null) this.#unseen = NOTHING;
  }

  /** Whether its reader is at its end and sees what comes. */
  get followed(): boolean {
    return this.#look.follow && this.#end === null;
  }

  /** Lets the list stand still, or takes in all that came meanwhile. */
  stand(still: boolean): void {
    if (still === (this.#end !== null)) return;
    this.#end = still ? this.#first + this.#sequence.length : null;
    this.#beyond = NOTHING;
    if (this.followed) this.#unseen = NOTHING;
  }

  /**
   * Takes in what comes behind: those of a batch that this list is for.
   *
   * @param asked the reader asked for it, and so has not missed it.
   */
  insert(batch: readonly Entry[], asked = false): void {
    const wanted = batch.filter(this.#wants);
    if (!wanted.length) return;
    const last = this.#end === null ? undefined : this.#sequence.at(this.#end - this.#first - 1);
    this.#sequence.insert(wanted);
    this.#count(wanted, 1);
    if (!this.followed && !asked) this.#unseen = sum(this.#unseen, wanted);
    if (this.#end === null) return;
    this.#beyond = sum(this.#beyond, wanted);
    if (last) this.#end = this.#first + this.#sequence.indexOf(last) + 1;
  }

  /** Takes in what is older. */
  prepend(batch: readonly Entry[]): void {
    const wanted = batch.filter(this.#wants);
    this.#sequence.prepend(wanted);
    this.#count(wanted, 1);
    this.#first -= wanted.length;
  }

  /** Lets go of those that have left at the front. */
  leave(): void {
    let count = 0;
    while (this.#sequence.at(count)?.gone) count += 1;
    if (!count) return;
    const shown = this.count;
    const dropped = this.#sequence.drop(count);
    this.#count(dropped, -1);
    this.#first += count;
    if (this.#end === null || count <= shown) return;
    this.#end = this.#first;
    this.#beyond = sum(this.#beyond, dropped.slice(shown), -1);
  }

  /** Lets go of those that were taken away, wherever they stood. */
  sweep(): void {
    const beyond = this.#end === null ? [] : this.#sequence.slice(this.#end - this.#first, this.#sequence.length);
    const gone = this.#sequence.sweep();
    this.#count(gone, -1);
    if (this.#end === null || !gone.length) return;
    const still = beyond.filter((entry) => !entry.gone);
    this.#end -= gone.length - (beyond.length - still.length);
    this.#beyond = sum(NOTHING, still);
  }

  /** A record of this list became a hit, or ceased to be one. */
  countHit(entry: Entry, sign: 1 | -1): void {
    if (this.#wants(entry)) this.#hits += sign;
  }

  /** What the page looks at. Beyond the ends it is what is nearest to them. */
  window(): Window {
    const { count } = this.#look;
    const end = this.#first + this.count;
    const from = this.#look.follow ? end - count : Math.min(this.#look.first, end - count);
    const first = Math.max(this.#first, from);
    return { first, entries: this.#sequence.slice(first - this.#first, Math.min(first + count, end) - this.#first) };
  }

  /** Shows an entry and what stands around it, if its reader looks at anything; its row, if it has one. */
  open(entry: Entry): number | null {
    const { number } = this.find(this.#first, true, (each) => each === entry) ?? { number: null };
    const { count } = this.#look;
    if (number !== null && count) this.look = { follow: false, first: number - count, count: 3 * count };
    return number;
  }

  /** The entry of a row. */
  at(number: number): Entry | undefined {
    return number - this.#first < this.count ? this.#sequence.at(number - this.#first) : undefined;
  }

  /** The first row from `number` on, this one included, that fits. */
  find(number: number, forward: boolean, fits: (entry: Entry) => boolean): { number: number; key: number } | null {
    const last = this.count - 1;
    const from = number - this.#first;
    const index = this.#sequence.find(forward ? Math.max(0, from) : Math.min(last, from), forward, fits);
    const entry = index > last ? undefined : this.#sequence.at(index);
    return entry ? { number: this.#first + index, key: entry.key } : null;
  }

  /** The rows that are shown. */
  rows(): Entry[] {
    return this.#sequence.slice(0, this.count);
  }

  /** Calls `look` with each record that is shown, without a copy of all of them. */
  eachRecord(look: (entry: RecordEntry) => void): void {
    for (let index = 0; index < this.count; index += 1) {
      const entry = this.#sequence.at(index);
      if (entry?.type === "record") look(entry);
    }
  }

  #count(entries: readonly Entry[], sign: 1 | -1): void {
    for (const entry of entries) {
      if (entry.type !== "record") continue;
      this.#records += sign;
      this.#levels[entry.level] = (this.#levels[entry.level] ?? 0) + sign;
      if (entry.hit) this.#hits += sign;
    }
  }
}

function sum(tally: Tally, entries: readonly Entry[], sign = 1): Tally {
  let { records, errors, hits } = tally;
  for (const entry of entries) {
    if (entry.type !== "record") continue;
    records += sign;
    if (entry.level >= ERROR) errors += sign;
    if (entry.hit) hits += sign;
  }
  return { records, errors, hits };
}
