import type { Page, StreamHorizon } from "@tailrace/client";
import { engine } from "../state/page.ts";
import { active, goTo } from "../state/reading.ts";
import { question } from "../state/view.ts";
import { timeOfId } from "../status/words.ts";
import { longText } from "./calendar.ts";
import type { Meaning } from "./meaning.ts";
import { backToLive, seeAround, showRecord } from "./record.ts";
import { streamsDrawn, streamsShown } from "./streams.ts";
import { zone } from "./zone.ts";

// Pages of history that are read, newest first, before a time is asked for outright: so the query stays in force where the way is
// short.
const PAGES_BACK = 6;

/** As many streams as a gateway merges. */
const MOST_STREAMS = 32;

/** Goes where somebody wants to go; what to tell them when that cannot be. */
export async function jump(meaning: Meaning): Promise<string | null> {
  switch (meaning.what) {
    case "now":
      backToLive();
      return null;
    case "time":
      return jumpToTime(meaning.time);
    case "record":
      if (!(await showRecord(meaning.record))) seeAround(meaning.record);
      return null;
    case "id":
      return jumpToId(meaning.id);
    case "unclear":
      return meaning.why;
  }
}

/** To the first record that was logged at a time or later. */
export async function jumpToTime(time: number): Promise<string | null> {
  const list = active.peek();
  if (await reachesBack(time)) {
    const place = await engine.locate(list, { time });
    if (place) {
      goTo({ list, ...place });
      return null;
    }
  }
  const streams = question.peek()?.streams;
  if (!streams) return "Choose a service or a stream first.";
  const { records } = await page(streams, { since: new Date(time).toISOString(), limit: 1 });
  const [first] = records;
  if (!first) return `Nothing was logged at ${longText(time, zone.peek())} or later.`;
  seeAround(`${first.stream}/${first.id}`);
  return null;
}

/** Whether what is loaded, or is after a few more pages, begins before a time, and so has the first record behind it. */
async function reachesBack(time: number): Promise<boolean> {
  const list = active.peek();
  for (let pages = 0; pages <= PAGES_BACK; pages++) {
    const span = engine.frame.peek()?.span;
    if (!span || time > span[1]) return false;
    if (time >= span[0]) return true;
    if (pages === PAGES_BACK) break;
    const { added, done } = await engine.older(list);
    if (done || !added) return done;
    await nextFrame();
  }
  return false;
}

/** A frame that has what was just loaded. */
function nextFrame(): Promise<void> {
  const before = engine.frame.peek();
  return new Promise((resolve) => {
    const stop = engine.frame.subscribe((frame) => {
      if (frame === before) return;
      queueMicrotask(() => stop());
      resolve();
    });
  });
}

async function jumpToId(id: string): Promise<string | null> {
  for (const stream of streamsDrawn().slice(0, MOST_STREAMS)) if (await showRecord(`${stream}/${id}`)) return null;
  const stream = await holderOf(id);
  if (stream === undefined)
    return `None of the chosen streams has a record ${id}. Choose its stream, or paste a link to it.`;
  const record = `${stream}/${id}`;
  if (!(await showRecord(record))) seeAround(record);
  return null;
}

/** The stream that has a record of this ID. One that alone was named is taken at its word: the gateway says what became of the record. */
async function holderOf(id: string): Promise<string | undefined> {
  const streams = (await streamsShown((horizon) => reaches(horizon, id))).slice(0, MOST_STREAMS);
  if (streams[0] === question.peek()?.streams.join()) return streams[0];
  const found = await Promise.all(streams.map((stream) => has(stream, id)));
  return streams.find((_, place) => found[place]);
}

/** Whether a record could be one of those that a stream keeps. */
function reaches({ oldest, newest }: StreamHorizon, id: string): boolean {
  if (oldest === null || newest === null) return false;
  return timeOfId(oldest) <= timeOfId(id) && timeOfId(id) <= timeOfId(newest);
}

async function has(stream: string, id: string): Promise<boolean> {
  const [ms, n] = id.split("-").map(Number);
  const { records } = await page([stream], { after: `${ms}-${Math.max(0, (n ?? 1) - 1)}`, limit: 1 });
  return records[0]?.id === id;
}

function page(streams: string[], options: { since?: string; after?: string; limit: number }): Promise<Page> {
  return engine.call("page", streams, options);
}
