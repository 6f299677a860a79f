import type { RecordEntry } from "./entry.ts";
import { NO_PROOF, NO_STATE } from "./following.ts";
import { CAPACITY } from "./holding.ts";
import type { Hues } from "./hues.ts";
import type { Known } from "./known.ts";
import type { Listing } from "./listing.ts";
import type { Lists } from "./lists.ts";
import type { Frame, ListFrame, Refusal } from "./protocol.ts";
import type { Reading } from "./reading.ts";
import { plain } from "./refusal.ts";
import { rowOf } from "./row.ts";
import { LEVEL_CLASSES, type LevelClass } from "./rows.ts";
import { joined } from "./sieve.ts";

/** What a frame shows besides what is read. */
export interface Around {
  hues: Hues;
  known: Known;
  pending: boolean;
  refusal: Refusal | null;
}

/** All that the page draws of a question; null: none was asked yet that could be. */
export function frameOf(number: number, reading: Reading | null, around: Around): Frame {
  const { pending, refusal } = around;
  return {
    number,
    ...(reading ? drawn(reading, around.hues) : NOTHING),
    pending,
    refusal,
    known: around.known.take(performance.now()),
  };
}

type Drawn = Omit<Frame, "number" | "pending" | "refusal" | "known">;

function drawn(reading: Reading, hues: Hues): Drawn {
  const { holding, lists } = reading;
  const all = lists.of("all");
  return {
    lists: {
      all: listFrameOf(all, lists, hues),
      system: listFrameOf(lists.of("system"), lists, hues),
      audit: listFrameOf(lists.of("audit"), lists, hues),
    },
    state: { ...reading.state, error: plain(reading.state.error) },
    proof: reading.proof,
    opened: reading.opened,
    mode: reading.mode,
    more: reading.more,
    held: holding.records,
    capacity: holding.capacity.entries,
    left: holding.left,
    totals: totalsOf(all.levels),
    span: spanOf(all),
    rate: reading.rate.at(performance.now()),
    lag: reading.lag,
    streams: hues.names,
  };
}

const EMPTY: ListFrame = { first: 0, count: 0, records: 0, hits: 0, unseen: { records: 0, errors: 0 }, rows: [] };

const NOTHING: Drawn = {
  lists: { all: EMPTY, system: EMPTY, audit: EMPTY },
  state: NO_STATE,
  proof: NO_PROOF,
  opened: null,
  mode: "live",
  more: { older: false, newer: false },
  held: 0,
  capacity: CAPACITY.entries,
  left: 0,
  totals: totalsOf([]),
  span: null,
  rate: 0,
  lag: null,
  streams: [],
};

function listFrameOf(list: Listing, lists: Lists, hues: Hues): ListFrame {
  const { first, entries } = list.window();
  const look = {
    hue: (stream: string) => hues.of(stream),
    hits: (text: string) => joined(lists.sieve.hits(text), lists.find?.hits(text) ?? []),
  };
  return {
    first: list.first,
    count: list.count,
    records: list.records,
    hits: list.hits,
    unseen: list.unseen,
    rows: entries.map((entry, index) => rowOf(entry, first + index, look)),
  };
}

function totalsOf(levels: readonly number[]): Record<LevelClass, number> {
  const totals = Object.fromEntries(LEVEL_CLASSES.map((name, place) => [name, levels[place] ?? 0]));
  return totals as Record<LevelClass, number>;
}

function spanOf(list: Listing): [number, number] | null {
  const first = recordFrom(list, list.first, true);
  const last = recordFrom(list, list.first + list.count - 1, false);
  return first && last ? [Math.min(first.time, last.time), Math.max(first.time, last.time)] : null;
}

function recordFrom(list: Listing, number: number, forward: boolean): RecordEntry | null {
  const found = list.find(number, forward, (entry) => entry.type === "record");
  const entry = found && list.at(found.number);
  return entry?.type === "record" ? entry : null;
}
