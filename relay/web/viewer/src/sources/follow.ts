import { batch, effect, signal } from "@preact/signals";
import type { StreamHorizon } from "@tailrace/client";
import type { View } from "../state/address.ts";
import { engine } from "../state/page.ts";
import { following, lists, paused } from "../state/reading.ts";
import { look, servicesStreams, view } from "../state/view.ts";
import { followedStreams, preselected, remembered } from "./followed.ts";

/** Whether the chooser is open. */
export const choosing = signal(false);

/** How long to wait for the status of services, in ms; then all streams are followed, so that it shows how the gateway is. */
const PATIENCE = 2_000;

/** How often the list of streams is asked for while somebody looks at it, in ms. */
const REFRESH = 10_000;

/** All streams, as they were asked for last; null before. */
export const streams = signal<StreamHorizon[] | null>(null);

/** Why the last try to list them failed; "" when it did not. */
export const streamsFailure = signal("");

const waited = signal(false);
/** The services whose streams were told last. */
let told: readonly string[] | null = null;
let known: ReadonlyMap<string, readonly string[]> = new Map();

/** Chooses what an address leaves open, and says which streams the chosen services have; the answer ends that. */
export function followSources(): () => void {
  const timer = setTimeout(() => {
    waited.value = true;
  }, PATIENCE);
  const end = effect(() => {
    const chosen = preselected(view.value, engine.services.value);
    if (chosen) look(chosen);
    tellStreams();
  });
  return () => {
    clearTimeout(timer);
    end();
  };
}

/** Looks at other sources; with the streams of services in the same breath, so that nothing is asked in between. */
export function choose(change: Partial<View>): void {
  batch(() => {
    look(change, { step: true });
    tellStreams();
  });
}

/** Lists the streams now and every now and then; the answer ends that. */
export function listStreams(): () => void {
  const ask = () => {
    engine.call("streams").then(
      (found) => {
        streams.value = found;
        streamsFailure.value = "";
      },
      (error: Error) => {
        streamsFailure.value = error.message;
      },
    );
  };
  ask();
  const timer = setInterval(ask, REFRESH);
  return () => clearInterval(timer);
}

/** Further streams of the same services wait until all lists are followed: another question would take away what is being read. */
function tellStreams(): void {
  const services = engine.services.value;
  const reads = paused.value || lists.value.some((list) => !following.value[list]);
  known = remembered(known, view.value.services, services);
  const next = followedStreams(view.value, known, services, waited.value);
  const now = servicesStreams.peek();
  if (reads && told === view.value.services && now.length && now.every((name) => next.includes(name))) return;
  told = view.value.services;
  if (next.join() !== now.join()) servicesStreams.value = next;
}
