import { computed, effect, signal } from "@preact/signals";
import type { EngineQuestion } from "../engine/protocol.ts";
import { isOneRun, readView, rewriteView, type View } from "./address.ts";
import { isSame, queryOf } from "./question.ts";

/** What is looked at: all of it stands in the page's address, so that a link shows the same. */
export const view = signal<View>(readView(location.search));

/** Where the browser's back button leads once there is a next step: not to every letter of what is being typed. */
let settled = address();

/** Changes some of the view. `step` makes the browser's back button come here again; `typing` may become a step later. */
export function look(change: Partial<View>, { step = false, typing = false } = {}): void {
  const drafted = address() !== settled;
  view.value = { ...view.peek(), ...change };
  const next = `${location.pathname}${rewriteView(view.peek(), location.search)}${location.hash}`;
  if (step) arrive(next);
  else {
    if (next !== address()) history.replaceState(null, "", next);
    if (!typing && !drafted) settled = next;
  }
}

/** What was typed is meant: the back button comes here again. */
export function settle(): void {
  arrive(address());
}

function arrive(next: string): void {
  if (next === settled) {
    if (next !== address()) history.replaceState(null, "", next);
    return;
  }
  if (address() !== settled) history.replaceState(null, "", settled);
  history.pushState(null, "", next);
  settled = next;
}

function address(): string {
  return location.pathname + location.search + location.hash;
}

/** The streams of the chosen services, as the live status says; filled in by `sources/`. */
export const servicesStreams = signal<string[]>([]);

/** The box, quick levels and sources as one query. */
export const wholeQuery = computed(() => queryOf(view.value));

let asked: EngineQuestion | null = null;

/** What the engine is asked; null while nothing is chosen. The same object as long as it is the same question. */
export const question = computed<EngineQuestion | null>(() => {
  const { services, tail, since, until, record, run } = view.value;
  // A link to a record names no stream besides: nothing has to be known of the services to ask for it.
  const isLink = record !== "" && !services.length && !view.value.streams.length;
  const streams = isLink ? [record.slice(0, record.lastIndexOf("/"))] : view.value.streams;
  const all = isOneRun(run) ? [run] : [...new Set([...streams, ...servicesStreams.value])].sort();
  const next = all.length ? { streams: all, query: record ? "" : wholeQuery.value, tail, since, until, record } : null;
  if (!isSame(asked, next)) asked = next;
  return asked;
});

addEventListener("popstate", () => {
  settled = address();
  view.value = readView(location.search);
});

/** Follows `question` with `ask` for ever; `wider` where nothing else was chosen: services have further streams. */
export function followQuestion(ask: (question: EngineQuestion, wider: boolean) => void): () => void {
  let before: View | null = null;
  return effect(() => {
    const asked = question.value;
    if (!asked) return;
    const now = view.peek();
    ask(asked, before?.services === now.services && before.streams === now.streams);
    before = now;
  });
}
