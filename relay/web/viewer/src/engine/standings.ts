import { msOf, numberOf } from "./entry.ts";

/** Where one stream stands in what is held. */
interface Standing {
  /** When Redis took the first and the last that is held, in ms: neither goes back. */
  from: number;
  to: number;
  /** Its history goes on before the record with this ID. */
  place: string | null;
  /** The last record that is held, and the last that ever was; in the numbering in force. */
  end: string | null;
  newest: string | null;
}

/** Where each stream stands. */
export class Standings {
  readonly #standings = new Map<string, Standing>();

  /** Where history goes on, by stream. */
  places(): Map<string, string> {
    return this.#ids("place");
  }

  /** The last record that is held, by stream. */
  ends(): Map<string, string> {
    return this.#ids("end");
  }

  /** Directly behind the last record that ever was held, by stream. */
  latest(): Map<string, string> {
    return new Map([...this.#ids("newest")].map(([stream, id]) => [stream, behind(id)]));
  }

  place(stream: string): string | null {
    return this.#standings.get(stream)?.place ?? null;
  }

  end(stream: string): string | null {
    return this.#standings.get(stream)?.end ?? null;
  }

  /** ms at which something of a stream stands that comes behind all it has. */
  after(stream: string, id: string | null): number {
    const standing = this.#of(stream);
    standing.to = Math.max(id === null ? 0 : msOf(id), standing.to);
    standing.from = Math.min(standing.from, standing.to);
    return standing.to;
  }

  /** ms at which something of a stream stands that comes before all it has. */
  before(stream: string, id: string | null): number {
    const standing = this.#of(stream);
    standing.from = Math.min(id === null ? Number.MAX_SAFE_INTEGER : msOf(id), standing.from);
    standing.to = Math.max(standing.from, standing.to);
    return standing.from;
  }

  /** Records were added, from one to another. */
  add(stream: string, first: string, last: string): void {
    const standing = this.#of(stream);
    standing.place ??= first;
    standing.end = last;
    // What was let go of at the end and comes again is not the newest.
    if (numberOf(last) > numberOf(standing.newest ?? "0-0")) standing.newest = last;
  }

  /** Older records were added, the last of which is this one. */
  addOlder(stream: string, last: string): void {
    const standing = this.#of(stream);
    standing.end ??= last;
    standing.newest ??= last;
  }

  /** History goes on before this ID. */
  goOn(stream: string, id: string): void {
    this.#of(stream).place = id;
  }

  /** Another numbering begins. */
  renumber(stream: string): void {
    Object.assign(this.#of(stream), { end: null, newest: null });
  }

  /** All behind an ID is taken back; where that is all that is held, history goes on there, too. */
  goBack(stream: string, id: string | null, all: boolean): void {
    const standing = this.#of(stream);
    if (all && numberOf(standing.place ?? "0-0") > numberOf(id ?? "0-0")) standing.place = id && behind(id);
    standing.to = id === null ? standing.from : msOf(id);
    standing.end = standing.newest = id;
  }

  /** All behind an ID, or all, is held no more. */
  cut(stream: string, id: string | null, at: number): void {
    Object.assign(this.#of(stream), { to: at, end: id });
  }

  /** Nothing is held any more: history goes on before what comes. */
  clear(): void {
    for (const standing of this.#standings.values()) {
      if (standing.newest !== null) standing.place = behind(standing.newest);
      standing.end = standing.newest;
      standing.from = standing.to =
        standing.newest === null ? standing.to : Math.max(standing.to, msOf(standing.newest));
    }
  }

  #of(stream: string): Standing {
    const known = this.#standings.get(stream);
    if (known) return known;
    const standing = { from: Number.MAX_SAFE_INTEGER, to: 0, place: null, end: null, newest: null };
    this.#standings.set(stream, standing);
    return standing;
  }

  #ids(name: "place" | "end" | "newest"): Map<string, string> {
    const ids = new Map<string, string>();
    for (const [stream, { [name]: id }] of this.#standings) if (id !== null) ids.set(stream, id);
    return ids;
  }
}

/** The place directly behind a record. */
export function behind(id: string): string {
  return `${msOf(id)}-${numberOf(id) + 1}`;
}
