import { computed, signal } from "@preact/signals";
import type { ListName } from "../engine/protocol.ts";
import { engine } from "./page.ts";
import { view } from "./view.ts";

/** A row of a list: `key` says which record, `number` where. */
export interface Place {
  list: ListName;
  key: number;
  number: number;
}

/** The lists that are shown. */
export const lists = computed<ListName[]>(() => (view.value.panels === "dual" ? ["system", "audit"] : ["all"]));

/** The list that keys act upon. */
export const active = signal<ListName>("all");

/** The row that keys start from. */
export const current = signal<Place | null>(null);

/** Rows chosen together, from one key to another. */
export const selected = signal<{ list: ListName; from: number; to: number } | null>(null);

/** Records shown whole, by key. */
export const expanded = signal<ReadonlySet<number>>(new Set());

/** Whether each list stays at its end. */
export const following = signal<Record<ListName, boolean>>({ all: true, system: true, audit: true });

/** Paused by hand: the lists stand still, what comes is counted, and nothing is lost. */
export const paused = signal(false);

/** Where a list shall scroll to; the list does it and forgets it. */
export const wanted = signal<Place | null>(null);

export function setFollowing(list: ListName, value: boolean): void {
  if (following.peek()[list] !== value) following.value = { ...following.peek(), [list]: value };
}

export function setPaused(value: boolean): void {
  paused.value = value;
  engine.pause(value);
}

/** All lists to their ends, and on from there. */
export function goLive(): void {
  following.value = { all: true, system: true, audit: true };
  setPaused(false);
}

/** Scrolls to a row and makes it the current one; its list is followed no more. */
export function goTo(place: Place): void {
  setFollowing(place.list, false);
  active.value = place.list;
  current.value = place;
  wanted.value = place;
}

export function toggleExpanded(key: number): void {
  const keys = new Set(expanded.peek());
  if (!keys.delete(key)) keys.add(key);
  expanded.value = keys;
}
