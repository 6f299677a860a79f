import type { Client, LogRecord, Proof, Service, SubscriptionState } from "@tailrace/client";
import type { LevelClass, Row } from "./rows.ts";

/** `all` is everything that matches; `system` and `audit` are its two halves, side by side. */
export type ListName = "all" | "system" | "audit";

/** What is followed. A different one begins anew; the old lists stay until the new ones have caught up. */
export interface EngineQuestion {
  streams: string[];
  /** As the server gets it: the box, quick levels and sources joined. */
  query: string;
  tail: number;
  /** Bounds of the time that was logged at, RFC 3339 or how long ago; "" is open. With `until` nothing is followed. */
  since: string;
  until: string;
  /** `<stream>/<id>`: begin with this record and what stands around it. "" is live. */
  record: string;
}

/** Which rows a list wants: its newest, or from a row number on. */
export type Look = { follow: true; count: number } | { follow: false; first: number; count: number };

export type Step = "error" | "warning" | "hit" | "mark" | "trace" | "gap";

export type CopyFormat = "text" | "json" | "jsonl" | "csv";

/** From the page to the worker. What has an `ask` is answered with the same number. */
export type Command =
  | { type: "begin"; gateways: string[]; token: string }
  /** Another token, for one that is not good any more. */
  | { type: "token"; token: string }
  /** `wider`: nothing else was chosen, there are further streams of it. */
  | { type: "follow"; question: EngineQuestion; wider?: boolean }
  /** Filter what is held at once, before the server's answer is there. */
  | { type: "filter"; query: string }
  | { type: "look"; list: ListName; look: Look }
  /** The last frame was drawn: the next one may come. */
  | { type: "drawn"; frame: number }
  | { type: "find"; text: string }
  | { type: "mark"; key: number; marked: boolean }
  | { type: "marks"; ids: string[] }
  | { type: "pause"; paused: boolean }
  | { type: "retry" }
  | { type: "clear" }
  | { type: "older"; ask: number; list: ListName }
  | { type: "newer"; ask: number; list: ListName }
  /** The row before or behind another one that is an error, a hit … */
  | { type: "step"; ask: number; list: ListName; from: number; forward: boolean; to: Step; value?: string }
  /** The row of a record, or the first one not earlier than a time in ms. */
  | { type: "locate"; ask: number; list: ListName; key?: number; id?: string; time?: number }
  | { type: "record"; ask: number; key: number }
  /** The rows from one key to another, or all of the list. */
  | { type: "copy"; ask: number; list: ListName; from?: number; to?: number; as: CopyFormat }
  /** The same as a file. */
  | { type: "file"; ask: number; list: ListName; from?: number; to?: number; as: CopyFormat }
  | { type: "histogram"; ask: number; list: ListName; buckets: number }
  /** A file of the gateway's: all that matches, whether held or not. */
  | { type: "download"; ask: number; call: Parameters<Client["download"]> }
  | { type: "call"; ask: number; name: CallName; call: unknown[] };

/** What of the client the page may call by way of the worker, which alone has one. */
export type CallName = "streams" | "page" | "latest" | "summary" | "clear";

/** Answers, by command. */
export interface Answers {
  /** How many rows were added; `done` when there is nothing further on that side. */
  older: { added: number; done: boolean };
  newer: { added: number; done: boolean };
  /** Of a hit also which one it is of all, from 1. */
  step: { number: number; key: number; nth?: number } | null;
  locate: { number: number; key: number } | null;
  record: LogRecord | null;
  copy: { text: string; records: number };
  file: { file: Blob; records: number };
  histogram: Histogram;
  download: Blob;
  call: unknown;
}

export interface Histogram {
  /** ms since 1970 of the first bucket's begin. */
  start: number;
  /** ms that a bucket is wide. */
  width: number;
  /** Buckets × level classes, class by class within a bucket. */
  counts: number[];
}

/** From the worker to the page. */
export type Report =
  /** It hears commands from now on. */
  | { type: "begun" }
  | { type: "frame"; frame: Frame }
  /** All services, by name, whenever anything about them changes; null while nobody knows. */
  | { type: "services"; services: Service[] | null }
  /** The token is not good any more: `token` brings another one. */
  | { type: "token-wanted" }
  | { type: "answer"; ask: number; value: Answers[keyof Answers] }
  | { type: "failed"; ask: number; code: string; message: string };

/** All that the page draws, at most one on its way at a time. */
export interface Frame {
  number: number;
  lists: Record<ListName, ListFrame>;
  state: SubscriptionState;
  proof: Proof;
  /** The record that was asked for with its surroundings, as soon as it is there. */
  opened: Opened | null;
  /** `past`: around a record or within bounds of time; nothing new comes by itself. */
  mode: "live" | "past";
  /** Whether there may be anything on either side of what is held that was not loaded yet. */
  more: { older: boolean; newer: boolean };
  /** The lists still show what was asked before: the new question is on its way. */
  pending: boolean;
  /** Why the last question was not taken; the lists stay. */
  refusal: Refusal | null;
  /** Records held, at most how many, and how many have left to make room. */
  held: number;
  capacity: number;
  left: number;
  /** Of the records held that match, by level. */
  totals: Record<LevelClass, number>;
  /** Times of the first and the last of them, in ms since 1970. */
  span: [first: number, last: number] | null;
  /** Records that came in the last second. */
  rate: number;
  /** ms between Redis taking the newest record and its coming here; null before the first live one. */
  lag: number | null;
  /** Streams in the order of their colours. */
  streams: string[];
  /** Values seen, by key, for completion: only in frames where there are new ones, else null. */
  known: Record<string, string[]> | null;
}

export interface Opened {
  /** `<stream>/<id>`. */
  record: string;
  key: number;
  /** When it was logged, in ms since 1970. */
  time: number;
  /** Its row in each list that has it. */
  rows: Partial<Record<ListName, number>>;
}

export interface Refusal {
  code: string;
  message: string;
  parameter: string;
  position: number | null;
  length: number | null;
}

export interface ListFrame {
  /** The number of the first row, and how many there are. */
  first: number;
  count: number;
  /** Records among them, and how many contain what is looked for. */
  records: number;
  hits: number;
  /** What came since the list is not followed. */
  unseen: { records: number; errors: number };
  /** The rows that were asked for by `look`, as far as there are any. */
  rows: Row[];
}
