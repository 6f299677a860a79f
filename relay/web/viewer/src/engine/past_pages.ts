import type { Client, Gap, LogRecord, Page, PageOptions, StreamHorizon } from "@tailrace/client";
import { compare, type Entry, msOf, numberOf } from "./entry.ts";
import { BEGINNING, cursorBefore, cursorOf, END, forEach, grouped, joined, type Part } from "./groups.ts";
import type { Holding } from "./holding.ts";
import { holdOlder } from "./older.ts";
import type { Ends, Found, Place, Reader } from "./past.ts";
import { isAmong, isGlob, isSingle, type Places, placesOf } from "./places.ts";
import type { EngineQuestion } from "./protocol.ts";

// Records on a page of history.
const PAGE = 500;

// Pages in a row that may match nothing, before whoever asked is told how it stands: a gateway looks through 200 000
// records for each.
const EMPTY = 10;

/** The pages of a question's history. */
export class PastPages {
  readonly #client: Client;
  readonly #holding: Holding;
  readonly #reader: Reader;
  readonly #ends: Ends;
  /** Where each group of streams is read on, for as long as reading on begins at `#onward`. */
  readonly #cursors = new Map<string, string>();
  #onward: string | null = null;
  #surroundings: Surroundings | null = null;

  constructor(client: Client, holding: Holding, reader: Reader, ends: Ends) {
    this.#client = client;
    this.#holding = holding;
    this.#reader = reader;
    this.#ends = ends;
  }

  /** What stands before all that is held. */
  async older(question: EngineQuestion, limit = PAGE): Promise<Found> {
    if (this.#ends.exhausted) return { entries: [], done: true };
    const horizons = await this.#horizons(question);
    for (let turn = 0; turn < EMPTY; turn += 1) {
      const places = this.#places(question, horizons);
      const groups = grouped([...places].filter(([, id]) => id !== BEGINNING).map(([name]) => name));
      const pages = await this.#pagesBefore(question, groups, places, limit);
      if (!this.#reader.isAsked(question)) return { entries: [], done: false };
      if (this.#hasMoved(places)) continue;
      const entries = this.#prepend(groups, pages);
      if (pages.every(({ next }) => next === null))
        return { entries: [...this.#begin(question, horizons), ...entries], done: true };
      if (entries.length) return { entries, done: false };
    }
    return { entries: [], done: false };
  }

  /** What stood before the newest that ever was held; `begin` makes room for it, and says whether it is still wanted. */
  async newest(question: EngineQuestion, limit: number, begin: () => boolean): Promise<Entry[]> {
    const places = this.#places(question, await this.#horizons(question), this.#holding.latest);
    const groups = grouped(places.keys());
    const pages = await this.#pagesBefore(question, groups, places, limit);
    return begin() ? this.#prepend(groups, pages) : [];
  }

  /** What stands behind all that is held. */
  async newer(question: EngineQuestion, limit = PAGE): Promise<Found> {
    const groups = await this.#groupsOnward(question);
    for (let turn = 0; turn < EMPTY && this.#ends.onward !== null; turn += 1) {
      const cursors = this.#cursorsOf(groups, this.#ends.onward);
      const pages = await forEach(cursors, (after, group) =>
        this.#page(groups[group] ?? [], question, { after, order: "asc", limit }),
      );
      if (!this.#reader.isAsked(question)) return { entries: [], done: false };
      const entries = this.#append(groups, pages);
      if (pages.every(({ next }) => next === null)) return { entries, done: true };
      if (entries.length) return { entries, done: false };
    }
    return { entries: [], done: this.#ends.onward === null };
  }

  /** A record, and what stands around it in all streams. Nothing may be held yet; tried again, it goes on where it failed. */
  async around(question: EngineQuestion, place: Place): Promise<void> {
    const { single, whole, reach } = place;
    this.#surroundings ??= {
      record: once(() => this.#begun(place)),
      others: once(() => this.#stand(question, place.stream, msOf(place.id))),
      older: once(() => this.older(question, reach)),
      newer: once(() => this.newer(question, reach)),
    };
    const { record, others, older, newer } = this.#surroundings;
    await record();
    if (whole) return;
    const before = async () => {
      if (!single) await others();
      await older();
    };
    // Both are waited for, lest another try finds one of them on its way.
    for (const each of await Promise.allSettled([before(), newer()])) if (each.status === "rejected") throw each.reason;
  }

  /** Holds a record, and what stands around it where that is the whole of what is asked for. */
  async #begun({ stream, id, single, context }: Place): Promise<void> {
    const page = await context();
    holdOlder(this.#holding, page.records, page.gaps.filter(isWithin), new Map([[stream, page.previous ?? BEGINNING]]));
    if (single) this.#ends.onward = page.next ?? page.records.at(-1)?.id ?? id;
    else this.#ends.onward = `${msOf(id) - 1}${page.next === null ? "" : `~${stream}~${page.next}`}`;
  }

  #page(streams: string[], question: EngineQuestion, options: PageOptions): Promise<Page> {
    return this.#client.page(streams, { ...selection(question), ...options, signal: this.#reader.signal });
  }

  /** The page before the places of each group. */
  #pagesBefore(question: EngineQuestion, groups: string[][], places: Places, limit: number): Promise<Page[]> {
    return forEach(groups, (names) => {
      const here = new Map(names.map((name) => [name, places.get(name) ?? END]));
      return this.#page(names, question, { before: cursorBefore(here, isSingle(names)), order: "desc", limit });
    });
  }

  /** The streams of a question, as they can be asked for together. */
  async #groupsOnward(question: EngineQuestion): Promise<string[][]> {
    const { streams } = question;
    const groups = streams.some(isGlob)
      ? grouped(this.#places(question, await this.#horizons(question)).keys())
      : grouped(streams);
    return groups.length > 1 ? groups : [streams];
  }

  /** Where each group is read on. */
  #cursorsOf(groups: readonly string[][], onward: string): string[] {
    if (this.#onward !== onward) this.#cursors.clear();
    if (groups.length === 1) return [onward];
    return groups.map((names) => this.#cursors.get(names.join()) ?? cursorOf(onward, names));
  }

  async #horizons({ streams }: EngineQuestion): Promise<StreamHorizon[]> {
    return (await this.#client.streams(this.#reader.signal)).filter(({ stream }) => isAmong(stream, streams));
  }

  /** Where history goes on, in each stream that there is. */
  #places({ streams }: EngineQuestion, horizons: readonly StreamHorizon[], held = this.#holding.places): Places {
    const names = [...streams.filter((name) => !isGlob(name)), ...horizons.map(({ stream }) => stream)];
    return new Map(names.map((name) => [name, held.get(name) ?? END]));
  }

  /** What was held in front has left meanwhile: between that page and the rest there would be a hole. */
  #hasMoved(places: Places): boolean {
    const held = this.#holding.places;
    return [...places].some(([stream, id]) => id !== END && (held.get(stream) ?? id) !== id);
  }

  /** Has the history of all other streams go on from a time. */
  async #stand(question: EngineQuestion, stream: string, ms: number): Promise<void> {
    const others = (await this.#horizons(question)).filter((each) => each.stream !== stream);
    const places = await forEach(others, async (each): Promise<[string, string]> => {
      const options = { after: `${ms}-0`, limit: 1, signal: this.#reader.signal };
      const { previous } = await this.#client.page(each.stream, options);
      return [each.stream, previous ?? BEGINNING];
    });
    holdOlder(this.#holding, [], [], new Map(places));
  }

  #prepend(groups: readonly string[][], pages: readonly Page[]): Entry[] {
    const parts = joined(pages, -1);
    const places = parts.flatMap((part, group) => placesBefore(part, pages[group]?.next ?? null, groups[group] ?? []));
    // While the page was on its way, a stream may have begun to be held: that is not held twice.
    const records = parts.flatMap((part) => part.records.filter((each) => this.#holding.isOlder(each)).reverse());
    const gaps = parts.flatMap((part) => part.gaps.filter(isWithin));
    // Of what is held of a stream only at its end nothing is known yet: what comes may be live, and stands before that.
    return holdOlder(this.#holding, records, gaps, new Map(places.filter(([, id]) => id !== END)));
  }

  /** Adds what is new of pages, as far as all of them reach. */
  #append(groups: readonly string[][], pages: readonly Page[]): Entry[] {
    const fresh = pages.map((page) => ({ ...page, records: page.records.filter((each) => this.#holding.isNew(each)) }));
    const parts = joined(fresh, 1);
    const entries = parts.flatMap((part) => this.#appendPart(part));
    if (groups.length === 1) {
      this.#ends.onward = pages[0]?.next ?? this.#ends.onward;
      return entries;
    }
    for (const [group, { whole }] of parts.entries()) {
      const next = pages[group]?.next;
      if (whole && next) this.#cursors.set(groups[group]?.join() ?? "", next);
    }
    entries.sort(compare);
    const last = entries.at(-1);
    if (last) this.#ends.onward = String(last.at - 1);
    this.#onward = this.#ends.onward;
    return entries;
  }

  #appendPart(part: Part): Entry[] {
    const entries: Entry[] = [];
    const gaps = new Set(part.gaps);
    let run: LogRecord[] = [];
    const close = () => {
      entries.push(...this.#holding.add(run));
      run = [];
    };
    for (const record of part.records) {
      const gap = [...gaps].find((each) => each.stream === record.stream && each.before === record.id);
      if (gap || record.stream !== run[0]?.stream) close();
      if (gap && gaps.delete(gap)) entries.push(this.#holding.addGap(gap));
      run.push(record);
    }
    close();
    for (const gap of gaps) if (this.#isBehind(gap)) entries.push(this.#holding.addGap(gap));
    return entries;
  }

  /** Not that of a page before, or of a live subscription. */
  #isBehind({ stream, before }: Gap): boolean {
    return before === null || numberOf(before) > numberOf(this.#holding.ends.get(stream) ?? "0-0");
  }

  /** The entry that says where history begins; with a lower bound of time, nobody knows what is before that. */
  #begin(question: EngineQuestion, horizons: readonly StreamHorizon[]): Entry[] {
    this.#ends.exhausted = true;
    if (question.since) return [];
    const oldest = horizons.flatMap((each) => (each.oldest === null ? [] : [msOf(each.oldest)]));
    const entry: Entry = {
      type: "horizon",
      key: this.#holding.key(),
      at: Number.NEGATIVE_INFINITY,
      stream: "",
      gone: false,
      time: oldest.length ? Math.min(...oldest) : null,
      trimmed: horizons.reduce((sum, horizon) => sum + trimmedOf(horizon), 0),
    };
    this.#holding.prepend([entry], new Map());
    return [entry];
  }
}

/** What stands around a record: each part of it is held once, whatever has to be tried again. */
type Surroundings = Record<"record" | "others" | "older" | "newer", () => Promise<void>>;

function once(work: () => Promise<unknown>): () => Promise<void> {
  let done = false;
  return async () => {
    if (!done) await work();
    done = true;
  };
}

/** What a question selects of history. */
function selection({ query, since, until }: EngineQuestion): PageOptions {
  return { query, ...(since ? { since } : {}), ...(until ? { until } : {}) };
}

/** Where the streams of a group go on before what was taken of their page. */
function placesBefore({ records, whole }: Part, next: string | null, names: readonly string[]): [string, string][] {
  if (whole) return next === null ? names.map((name) => [name, BEGINNING]) : [...placesOf(next, names[0] ?? "")];
  return [...new Map(records.map(({ stream, id }) => [stream, id]))];
}

/** What retention took before the first record is said where history begins. */
function isWithin({ reason, after }: Gap): boolean {
  return reason !== "trimmed" || (after !== null && numberOf(after) > 0);
}

/** How many records a stream had before the oldest that is kept. */
function trimmedOf({ oldest, newest }: StreamHorizon): number {
  if (oldest !== null) return numberOf(oldest) - 1;
  return newest === null ? 0 : numberOf(newest);
}
