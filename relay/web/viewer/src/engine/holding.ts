import type { Gap, LogRecord } from "@tailrace/client";
import { type Entry, type GapEntry, gapEntry, numberOf, type RecordEntry, recordEntry } from "./entry.ts";
import type { Places } from "./places.ts";
import { Sequence } from "./sequence.ts";
import { behind, Standings } from "./standings.ts";

export interface Capacity {
  entries: number;
  /** Characters of text. */
  text: number;
}

/** What a page can hold without being felt: whichever is reached first. */
export const CAPACITY: Capacity = { entries: 200_000, text: 128 * 1024 * 1024 };

/**
 * All that is held of a question, in one order: each stream's own, and among streams by the time at which Redis took the
 * records. Room is made at the front.
 */
export class Holding {
  readonly sequence = new Sequence();
  readonly capacity: Capacity;
  /** Gives numbers that are never given again. */
  readonly key: () => number;
  /** Where each stream stands. */
  readonly standings = new Standings();
  #records = 0;
  #text = 0;
  #left = 0;

  /** @param key gives numbers that are never given again. */
  constructor(key: () => number, capacity = CAPACITY) {
    this.key = key;
    this.capacity = capacity;
  }

  get records(): number {
    return this.#records;
  }

  /** How many records have gone to make room. */
  get left(): number {
    return this.#left;
  }

  /** How full it is: 1 is full. */
  get fill(): number {
    return Math.max(this.sequence.length / this.capacity.entries, this.#text / this.capacity.text);
  }

  /** Where history goes on before each stream of which anything was ever held. */
  get places(): Places {
    return this.standings.places();
  }

  /** The last record that is held of each stream. */
  get ends(): Places {
    return this.standings.ends();
  }

  /** Where each stream goes on before what comes, when everything is let go of. */
  get latest(): Places {
    return this.standings.latest();
  }

  /** Whether a record comes behind all that is held of its stream. */
  isNew({ stream, id }: LogRecord): boolean {
    return numberOf(id) > numberOf(this.standings.end(stream) ?? "0-0");
  }

  /** Whether a record comes before all that is held of its stream. */
  isOlder({ stream, id }: LogRecord): boolean {
    const place = this.standings.place(stream);
    return place === null || numberOf(id) < numberOf(place);
  }

  /** Adds records of one stream, behind all that it has. */
  add(records: readonly LogRecord[]): RecordEntry[] {
    const [first, last] = [records[0], records.at(-1)];
    if (!first || !last) return [];
    const standings = this.standings;
    const entries = records.map((each) => recordEntry(each, this.key(), standings.after(each.stream, each.id)));
    standings.add(first.stream, first.id, last.id);
    this.sequence.insert(entries);
    this.#count(entries, 1);
    return entries;
  }

  /** Adds a gap behind all that its stream has. */
  addGap(gap: Gap): GapEntry {
    if (gap.reason === "epoch") this.standings.renumber(gap.stream);
    const entry = gapEntry(gap, this.key(), this.standings.after(gap.stream, gap.before ?? gap.after));
    this.sequence.insert([entry]);
    this.#count([entry], 1);
    return entry;
  }

  /**
   * Adds entries in order, before all that is held of their streams: `older.ts` makes them.
   *
   * @param places where history goes on before that.
   */
  prepend(entries: readonly Entry[], places: Places): void {
    this.sequence.prepend(entries);
    this.#count(entries, 1);
    for (const [stream, id] of places) this.standings.goOn(stream, id);
  }

  /** Takes back what a stream has behind `after`, as far as its numbering goes back; how many entries. */
  withdraw({ stream, after }: Gap): number {
    const last = after === null ? 0 : numberOf(after);
    let all = true;
    for (let index = this.sequence.length - 1; index >= 0; index -= 1) {
      const entry = this.sequence.at(index);
      if (entry?.stream !== stream) continue;
      all = isBehind(entry, last);
      if (!all) break;
      entry.gone = true;
    }
    this.standings.goBack(stream, after, all);
    return this.#sweep();
  }

  /** Takes away what a stream has up to the record with the ID `upto`; how many entries. */
  remove(stream: string, upto: string): number {
    let passed = false;
    for (let index = this.sequence.length - 1; index >= 0; index -= 1) {
      const entry = this.sequence.at(index);
      if (entry?.stream !== stream) continue;
      if (!passed && entry.type === "record") passed = numberOf(entry.record.id) <= numberOf(upto);
      if (passed) entry.gone = true;
    }
    return this.#sweep();
  }

  /** Makes room at the front, where it is fuller than `fill` of 1; how many entries left. */
  trim(fill = 1): number {
    const most = this.capacity.text * fill;
    let count = Math.max(0, this.sequence.length - this.capacity.entries * fill);
    let text = this.#text;
    for (let index = 0; index < count || text > most; index += 1) {
      const entry = this.sequence.at(index);
      if (!entry) break;
      text -= weightOf(entry);
      count = Math.max(count, index + 1);
    }
    if (count <= 0) return 0;
    const dropped = this.sequence.drop(count);
    for (const entry of dropped) {
      entry.gone = true;
      if (entry.type !== "record") continue;
      this.#left += 1;
      this.standings.goOn(entry.stream, behind(entry.record.id));
    }
    this.#count(dropped, -1);
    return dropped.length;
  }

  /** Takes so many entries away from the end; they come again from history. */
  cut(count: number): void {
    const cut = this.sequence.cut(count);
    const streams = new Set(cut.map(({ stream }) => stream));
    for (const entry of cut) entry.gone = true;
    this.#count(cut, -1);
    for (const stream of streams) this.#cutStanding(stream);
  }

  /**
   * Takes away all that has a greater key than this, on whatever side: it comes again, in full.
   *
   * @param places where history went on when that key was given.
   */
  goBack(key: number, places: Places): void {
    const streams = new Set<string>();
    for (const entry of this.sequence) {
      if (entry.key <= key) continue;
      entry.gone = true;
      streams.add(entry.stream);
    }
    this.#sweep();
    for (const stream of streams) this.#cutStanding(stream);
    for (const [stream, id] of places) {
      const place = this.standings.place(stream);
      // What has left at the front since then is history, too.
      if (place === null || numberOf(place) < numberOf(id)) this.standings.goOn(stream, id);
    }
  }

  /** Takes away everything. What comes is still behind it, and its history before that. */
  clear(): void {
    for (const entry of this.sequence) entry.gone = true;
    this.sequence.clear();
    this.standings.clear();
    this.#records = this.#text = 0;
  }

  #cutStanding(stream: string): void {
    const last = this.sequence.at(this.sequence.find(this.sequence.length - 1, false, isRecordOf(stream)));
    this.standings.cut(stream, last?.type === "record" ? last.record.id : null, last?.at ?? 0);
  }

  #sweep(): number {
    const gone = this.sequence.sweep();
    this.#count(gone, -1);
    return gone.length;
  }

  #count(entries: readonly Entry[], sign: 1 | -1): void {
    for (const entry of entries) {
      if (entry.type === "record") this.#records += sign;
      this.#text += sign * weightOf(entry);
    }
  }
}

// A gap or a horizon in characters, about.
const LIGHT = 200;

function weightOf(entry: Entry): number {
  return entry.type === "record" ? entry.weight : LIGHT;
}

/** Whether an entry stands behind the record of this number, in the same numbering. */
function isBehind(entry: Entry, number: number): boolean {
  if (entry.type === "record") return numberOf(entry.record.id) > number;
  return entry.type !== "gap" || (entry.gap.reason !== "epoch" && numberOf(entry.gap.after ?? "0-0") >= number);
}

function isRecordOf(stream: string): (entry: Entry) => boolean {
  return (entry) => entry.type === "record" && entry.stream === stream;
}
