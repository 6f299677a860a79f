import { numberOf, type Place, placesIn } from "./cursor.ts";
import type { GapEvent, Proof, RecordsEvent } from "./events.ts";
import type { CursorMessage, GapMessage, HelloMessage, RecordsMessage } from "./messages.ts";
import type { Gap, LogRecord } from "./records.ts";
import { Spans } from "./spans.ts";

/** Numbers that should have come before what did. */
export interface Hole {
  stream: string;
  after: number;
  before: number;
}

/** What a message gives; or what is missing before it. Then nothing was taken: ask again, or take it with `accept`. */
export type Taken = Told[] | Hole;

export type Told = RecordsEvent | GapEvent;

interface Standing extends Place {
  spans: Spans;
}

// Streams that are remembered. Of more, those that a cursor leaves out, quiet and read to their end, are new when they go on.
const MOST = 10_000;

type Counts = Omit<Proof, "reconnects" | "whole">;

/**
 * Follows the numbers of each stream: nothing is given twice, nothing is missing without a word. No I/O.
 *
 * The numbers of a stream are contiguous but for gaps, where all its records are asked for; with a query they only rise.
 */
export class Continuity {
  readonly counts: Counts = {
    records: 0,
    lost: {},
    declared: 0,
    gaps: 0,
    withdrawn: 0,
    duplicates: 0,
    outOfOrder: 0,
    missing: 0,
    unreadable: 0,
  };
  #standings = new Map<string, Standing>();
  #complete = false;
  readonly #single: string;

  /** @param single the stream whose place a cursor of one stream is. */
  constructor(single: string) {
    this.#single = single;
  }

  /**
   * What a message with a cursor gives.
   *
   * @param before the cursor before it: that of all its events but the last.
   * @param accept to take a hole for what it is: missing.
   */
  take(message: CursorMessage, before: string, accept: boolean): Taken {
    switch (message.type) {
      case "hello":
        return this.#greet(message, accept);
      case "records":
        return this.#records(message, before, accept);
      case "gap":
        return this.#gap(message, before, accept);
      default:
        return this.#stand(message.cursor, accept);
    }
  }

  /** What a greeting says of where the streams stand; only the first word on each counts. */
  #greet(hello: HelloMessage, accept: boolean): Taken {
    this.#complete = hello.complete;
    const taken = this.#stand(hello.cursor, accept);
    // A quiet stream that the cursor leaves out is read to its end.
    for (const { stream, epoch, newest } of hello.streams) this.#learn(stream, { n: numberOf(newest) ?? 0, epoch });
    return taken;
  }

  /** What a cursor says that comes without records: those before it must have come. */
  #stand(cursor: string, accept: boolean): Taken {
    const events: Told[] = [];
    const places = placesIn(cursor, this.#single);
    for (const name of this.#standings.keys())
      if (this.#standings.size > MOST && !places.has(name)) this.#standings.delete(name);
    for (const [stream, place] of places) {
      const standing = this.#learn(stream, place);
      if (standing.epoch !== place.epoch || !this.#lacks(standing.n, place.n)) continue;
      if (!accept) return { stream, after: standing.n, before: place.n + 1 };
      events.push(this.#missing(stream, standing, place.n, null, cursor));
    }
    return events;
  }

  #records({ stream, records, numbers, cursor }: RecordsMessage, before: string, accept: boolean): Taken {
    const first = { n: (numbers[0] ?? 1) - 1, epoch: placesIn(cursor, stream).get(stream)?.epoch ?? "" };
    const standing = this.#learn(stream, first);
    const anew = renumbered(standing, first);
    let at = anew ? first.n : standing.n;
    for (const n of accept ? [] : numbers) {
      if (this.#lacks(at, n - 1)) return { stream, after: at, before: n };
      at = Math.max(at, n);
    }

    const events: Told[] = [];
    if (anew) {
      const gap = { stream, count: null, after: null, before: records[0]?.id ?? null, reason: "epoch" };
      events.push(this.#told(gap, before));
      this.#restart(standing, first);
    }
    let fresh: LogRecord[] | null = null;
    for (const [index, record] of records.entries()) {
      const n = numbers[index] ?? 0;
      if (n <= standing.n) {
        this.counts[standing.spans.given(n) ? "duplicates" : "outOfOrder"] += 1;
        continue;
      }
      if (this.#lacks(standing.n, n - 1)) {
        events.push(this.#missing(stream, standing, n - 1, record.id, before));
        fresh = null;
      }
      standing.spans.add(n, n, "");
      standing.n = n;
      this.counts.records += 1;
      if (!fresh) {
        fresh = [];
        events.push({ type: "records", stream, records: fresh, cursor: before });
      }
      fresh.push(record);
    }
    const last = events.at(-1);
    if (last) last.cursor = cursor;
    return events;
  }

  #gap({ gap, cursor }: GapMessage, before: string, accept: boolean): Taken {
    const { stream, reason } = gap;
    const events: Told[] = [];
    const count = gap.count ?? 0;
    const edge = numberOf(gap.before);
    const from = numberOf(gap.after) ?? (edge ?? 1) - 1 - count;
    const upto = edge === null ? from + count : edge - 1;
    const epoch = placesIn(cursor, stream).get(stream)?.epoch ?? "";
    const standing = this.#learn(stream, { n: from, epoch });
    if (reason === "epoch") this.#restart(standing, { n: edge === null ? 0 : upto, epoch });
    else if (reason === "fork") this.#withdraw(standing, from);
    else if (count) {
      // It was told before, and it counts once.
      if (upto <= standing.n) return events;
      if (this.#lacks(standing.n, from)) {
        if (!accept) return { stream, after: standing.n, before: from + 1 };
        events.push(this.#missing(stream, standing, from, null, before));
      }
      const first = Math.max(upto - count, standing.n) + 1;
      standing.spans.add(first, upto, reason);
      standing.n = upto;
      this.#lose(reason, upto - first + 1);
    }
    return [...events, this.#told(gap, cursor)];
  }

  /** Whether a stream that stands at `at` should stand at `n`. */
  #lacks(at: number, n: number): boolean {
    return this.#complete && at < n;
  }

  /** What should have come up to `n` and did not. */
  #missing(stream: string, standing: Standing, n: number, before: string | null, cursor: string): GapEvent {
    const count = n - standing.n;
    standing.n = n;
    this.counts.missing += count;
    return this.#told({ stream, count, after: null, before, reason: "missing" }, cursor);
  }

  #told(gap: Gap, cursor: string): GapEvent {
    this.counts.gaps += 1;
    return { type: "gap", gap, cursor };
  }

  #restart(standing: Standing, { n, epoch }: Place): void {
    Object.assign(standing, { n, epoch, spans: new Spans() });
    this.#lose("epoch", 1);
  }

  #withdraw(standing: Standing, n: number): void {
    standing.spans.cut(n, (reason, count) => {
      if (reason) this.#lose(reason, -count);
      else {
        this.counts.records -= count;
        this.counts.withdrawn += count;
      }
    });
    standing.n = Math.min(standing.n, n);
  }

  #lose(reason: string, count: number): void {
    const { counts } = this;
    counts.lost[reason] = (counts.lost[reason] ?? 0) + count;
    if (reason !== "epoch") counts.declared += count;
  }

  #learn(stream: string, { n, epoch }: Place): Standing {
    const standing = this.#standings.get(stream) ?? { n, epoch, spans: new Spans() };
    standing.epoch ||= epoch;
    this.#standings.set(stream, standing);
    return standing;
  }
}

/** Whether another numbering has begun that no gap spoke of: a quiet stream's is not in the cursor that was handed back. */
function renumbered(standing: Place, { epoch }: Place): boolean {
  return epoch !== "" && standing.epoch !== "" && standing.epoch !== epoch;
}
