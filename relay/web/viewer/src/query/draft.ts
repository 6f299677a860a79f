import { computed, effect, signal } from "@preact/signals";
import { engine } from "../state/page.ts";
import { boxStart, queryOf, unitsAt } from "../state/question.ts";
import { look, settle, view, wholeQuery } from "../state/view.ts";
import { remember } from "./history.ts";
import type * as Language from "./language.ts";

/** What is wrong with the text in the box: from one index of it to another. */
export interface Problem {
  message: string;
  start: number;
  end: number;
}

// Between two letters of somebody who types; the server is asked when they rest.
const REST_MS = 250;

/** The text in the box. Only what can be read becomes `view.query`. */
export const draft = signal(view.peek().query);

/** The query language, which is loaded when it is first needed; without it the gateway judges. */
export const language = signal<typeof Language | null>(null);

const found = signal<Problem | null>(null);

/** The query of the view, as it was last seen here. */
let seen = draft.peek();
/** What the lists are filtered by, before the gateway has answered. */
let tried = wholeQuery.peek();
let timer: ReturnType<typeof setTimeout> | undefined;
let loading: Promise<void> | null = null;

/** What is wrong, as this page or the gateway says. */
export const problem = computed(() => found.value ?? refused.value);

const refused = computed<Problem | null>(() => {
  const refusal = engine.frame.value?.refusal;
  if (refusal?.parameter !== "query" || draft.value !== view.value.query) return null;
  const end = draft.value.length;
  if (refusal.position === null) return { message: refusal.message, start: 0, end };
  const place = (position: number) =>
    Math.min(Math.max(unitsAt(wholeQuery.value, position) - boxStart(view.value), 0), end);
  const start = place(refusal.position);
  return { message: refusal.message, start, end: place(refusal.position + (refusal.length ?? 0)) };
});

export function loadLanguage(): Promise<void> {
  loading ??= import("./language.ts").then(
    (module) => {
      language.value = module;
    },
    () => {
      loading = null; // no gateway serves this page now: tried again with the next letter
    },
  );
  return loading;
}

/** Another text in the box: what is held is filtered at once, and the gateway asked soon. */
export function type(text: string): void {
  draft.value = text;
  clearTimeout(timer);
  timer = setTimeout(ask, REST_MS);
  if (!language.peek()) return;
  const isWrong = judge(text) !== null;
  if (!isWrong) found.value = null;
  // What cannot be read leaves the lists as they were asked for.
  tryHere(isWrong ? view.peek().query : text);
}

/** What is in the box is meant: asks for it now, remembers it, and the back button comes here again. */
export async function mean(text = draft.peek()): Promise<void> {
  if (text !== draft.peek()) type(text);
  await ask();
  // Somebody may have typed on while the language was loaded.
  if (judge(text)) return;
  remember(text);
  if (text === draft.peek()) settle();
}

async function ask(): Promise<void> {
  clearTimeout(timer);
  if (!language.peek()) await loadLanguage();
  const text = draft.peek();
  found.value = judge(text);
  if (!found.peek() && text !== view.peek().query) look({ query: text }, { typing: true });
}

function judge(text: string): Problem | null {
  return language.peek()?.problemOf(text) ?? null;
}

function tryHere(query: string): void {
  const whole = queryOf({ ...view.peek(), query });
  if (whole !== tried) engine.filter(whole);
  tried = whole;
}

// A link, a step back, a saved view or a value that was clicked: the box says what is looked at.
effect(() => {
  const { query } = view.value;
  tried = wholeQuery.value;
  if (query === seen) return;
  seen = query;
  if (query === draft.peek()) return;
  clearTimeout(timer);
  found.value = null;
  draft.value = query;
});
