import type { Service } from "@tailrace/client";
import { isOneRun, type View } from "../state/address.ts";

/** What streams of runs begin with. */
export const RUN = "run:";

/** Streams followed for one service: as many as the live status names. */
const MOST_STREAMS = 64;

const STREAM = /^[A-Za-z0-9._:-]{1,128}$/;

/**
 * The streams that following a service means. Runs are left out where there is anything else: what is logged in one stands in
 * the process's stream, too, and each that begins would be another question.
 */
export function streamsOf(service: Service): string[] {
  const own = service.streams.filter((stream) => !stream.startsWith(RUN));
  return own.length ? own : service.streams;
}

/** What is chosen when an address names nothing: the first running service, else the first, else all streams; null while nobody
 * knows, or when something is chosen. */
export function preselected(view: View, services: readonly Service[] | null): Partial<View> | null {
  if (view.services.length || view.streams.length || isOneRun(view.run)) return null;
  if (view.record) return { streams: [view.record.slice(0, view.record.lastIndexOf("/"))] };
  if (!services) return null;
  const first = services.find((each) => each.instances.running > 0) ?? services[0];
  return first ? { services: [first.service] } : { streams: ["*"] };
}

/** The streams of services that are or were known, which are added to and never taken from: a process that ends is no reason to ask
 * anew. Only of those that are chosen. */
export function remembered(
  known: ReadonlyMap<string, readonly string[]>,
  chosen: readonly string[],
  services: readonly Service[] | null,
): Map<string, readonly string[]> {
  const kept = new Map<string, readonly string[]>();
  for (const name of chosen) {
    const service = services?.find((each) => each.service === name);
    const streams = new Set([...(known.get(name) ?? []), ...(service ? streamsOf(service) : [])]);
    if (streams.size) kept.set(name, [...streams].slice(0, MOST_STREAMS));
  }
  return kept;
}

/**
 * The streams of the chosen services. One of which nothing is known has a stream of its own name, as agents have by
 * default. While the status is not known, nothing is said, until that was `waited` for; then, with nothing chosen, it is all streams.
 */
export function followedStreams(
  view: Pick<View, "services" | "streams">,
  known: ReadonlyMap<string, readonly string[]>,
  services: readonly Service[] | null,
  waited: boolean,
): string[] {
  if (!services && !waited) return [];
  if (!view.services.length) return view.streams.length || services ? [] : ["*"];
  const streams = view.services.flatMap((name) => known.get(name) ?? (STREAM.test(name) ? [name] : []));
  return [...new Set(streams)].sort();
}
