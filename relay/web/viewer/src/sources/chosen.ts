import type { View } from "../state/address.ts";
import { RUN } from "./followed.ts";

/** The value of `View.run` that shows the list of runs. */
export const ALL_RUNS = `${RUN}*`;

const GLOB = /^[A-Za-z0-9._:*?-]{1,128}$/;

export type Sources = Pick<View, "services" | "streams">;

/** Whether it can be followed as it is written. */
export function isStreamOrGlob(text: string): boolean {
  return GLOB.test(text);
}

/** With one service or stream more, or less. */
export function toggled(view: Sources, kind: keyof Sources, name: string): Partial<View> {
  const names = view[kind];
  const others = names.filter((each) => each !== name);
  return { ...LIVE, [kind]: others.length < names.length ? others : [...names, name] };
}

/** This one alone. */
export function only(kind: keyof Sources, name: string): Partial<View> {
  return { ...LIVE, services: [], streams: [], [kind]: [name] };
}

/** Another choice leaves the record and the run that were looked at. */
const LIVE: Partial<View> = { record: "", run: "" };

/** The first that is chosen, and how many others are. */
export function chosenTitle(view: View): { first: string; others: number } {
  if (view.run) return { first: view.run === ALL_RUNS ? "All runs" : view.run, others: 0 };
  const [first, ...others] = [...view.services, ...view.streams.map((name) => (name === "*" ? "All streams" : name))];
  return { first: first ?? "Choose what to read", others: others.length };
}
