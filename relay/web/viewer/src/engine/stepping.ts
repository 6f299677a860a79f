import { type Entry, ERROR, WARNING } from "./entry.ts";
import type { Listing } from "./listing.ts";
import type { Step } from "./protocol.ts";

/** A row, by its number and what stays with it. */
export interface Found {
  number: number;
  key: number;
  /** Of a hit: which one it is of all, from 1. */
  nth?: number;
}

/** The next row from one on, that one left out, that is an error, a hit …; null where there is none. */
export function stepFrom(list: Listing, from: number, forward: boolean, to: Step, value = ""): Found | null {
  const start = from + (forward ? 1 : -1);
  if (forward ? start >= list.first + list.count : start < list.first) return null;
  const found = list.find(start, forward, (entry) => fits(entry, to, value));
  return found && to === "hit" ? { ...found, nth: hitsUpTo(list, found.number) } : found;
}

function hitsUpTo(list: Listing, number: number): number {
  let hits = 0;
  for (let at = list.first; at <= number; at++) {
    const entry = list.at(at);
    if (entry?.type === "record" && entry.hit) hits += 1;
  }
  return hits;
}

function fits(entry: Entry, to: Step, value: string): boolean {
  if (to === "gap") return entry.type === "gap";
  if (entry.type !== "record") return false;
  switch (to) {
    case "error":
      return entry.level >= ERROR;
    case "warning":
      return entry.level === WARNING;
    case "hit":
      return entry.hit;
    case "mark":
      return entry.marked;
    case "trace":
      return entry.record.trace_id === value;
  }
}

/** The row of a record, by its key or its `<stream>/<id>`, or the first one not earlier than a time. */
export function located(list: Listing, place: { key?: number; id?: string; time?: number }): Found | null {
  const { key, id, time } = place;
  if (key !== undefined) return list.find(list.first, true, (entry) => entry.key === key);
  if (id !== undefined) return list.find(list.first, true, (entry) => isOf(entry, id));
  if (time === undefined) return null;
  return list.find(list.first, true, (entry) => entry.type === "record" && entry.time >= time);
}

function isOf(entry: Entry, id: string): boolean {
  return entry.type === "record" && id.endsWith(entry.record.id) && `${entry.stream}/${entry.record.id}` === id;
}
