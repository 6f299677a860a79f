import type { Gap, LogRecord } from "@tailrace/client";
import type { Entry } from "./entry.ts";
import type { Listing } from "./listing.ts";
import type { Answers, CopyFormat } from "./protocol.ts";

// Characters of a clipboard: what is larger is a file.
const MOST = 64 * 1024 * 1024;

// Characters of a file that are written at a stretch: what comes meanwhile has to be taken in between.
const STRETCH = 1024 * 1024;

// As in the gateway's CSV files.
const COLUMNS = [
  "id",
  "time",
  "level",
  "level_number",
  "logger",
  "message",
  "source",
  "kind",
  "thread",
  "module",
  "function",
  "line",
  "line_number",
  "exception",
  "trace_id",
  "span_id",
  "action",
  "metadata",
  "fields",
  "service",
  "host",
  "pid",
  "process",
  "stream",
  "producer",
  "seq",
] as const;

/**
 * The rows of a list from one key to another, in whatever order these two are, or all of it.
 *
 * @throws when one of these rows is held no more, or when it is more than a clipboard takes.
 */
export function copyOf(list: Listing, as: CopyFormat, from?: number, to?: number): Answers["copy"] {
  const entries = between(list.rows(), from, to);
  const pieces: string[] = [];
  let size = 0;
  for (const piece of piecesOf(entries, as)) {
    size += piece.length;
    if (size > MOST)
      throw new Error(`more than ${MOST / 1024 / 1024} MB of text; right would be a download, or fewer rows`);
    pieces.push(piece);
  }
  return { text: pieces.join(""), records: recordsIn(entries) };
}

/** The same as a file, however large. */
export async function fileOf(list: Listing, as: CopyFormat, from?: number, to?: number): Promise<Answers["file"]> {
  const entries = between(list.rows(), from, to);
  const stretches: Blob[] = [];
  let pieces: string[] = [];
  let size = 0;
  for (const piece of piecesOf(entries, as)) {
    pieces.push(piece);
    size += piece.length;
    if (size < STRETCH) continue;
    stretches.push(new Blob(pieces));
    pieces = [];
    size = 0;
    await new Promise((resolve) => setTimeout(resolve));
  }
  return { file: new Blob([...stretches, ...pieces]), records: recordsIn(entries) };
}

function recordsIn(entries: readonly Entry[]): number {
  return entries.filter((entry) => entry.type === "record").length;
}

type Copied = Exclude<Entry, { type: "horizon" }>;

const WRITERS: Record<CopyFormat, (entry: Copied) => string> = {
  text: (entry) => (entry.type === "gap" ? `-- ${missing(entry.gap)} --` : line(entry.record)),
  json: (entry) => JSON.stringify(itemOf(entry)),
  jsonl: (entry) => JSON.stringify(itemOf(entry)),
  csv: (entry) => row(itemOf(entry)),
};

function* piecesOf(entries: readonly Entry[], as: CopyFormat): Generator<string> {
  const end = as === "csv" ? "\r\n" : "\n";
  if (as === "csv") yield COLUMNS.join(",") + end;
  let begin = as === "json" ? "[\n" : "";
  for (const entry of entries) {
    if (entry.type === "horizon") continue;
    yield begin + WRITERS[as](entry) + (as === "json" ? "" : end);
    if (as === "json") begin = ",\n";
  }
  if (as === "json") yield begin === "[\n" ? "[]\n" : "\n]\n";
}

function between(entries: Entry[], from?: number, to?: number): Entry[] {
  const ends = [from, to].filter((key) => key !== undefined);
  if (!ends.length) return entries;
  const places = ends.map((key) => entries.findIndex((entry) => entry.key === key));
  // On which side it stood nobody knows any more.
  if (places.includes(-1)) throw new Error("the list does not hold all of these rows any more; choose them again");
  return entries.slice(Math.min(...places), Math.max(...places) + 1);
}

// C0, C1 and DEL would be commands to a terminal that the text is pasted into; as `tailrace tail` has them.
const CONTROL = /[^\P{Cc}\t\n]/gu;

function visible(text: string): string {
  return text.replace(CONTROL, (character) => {
    const code = character.charCodeAt(0);
    if (code < 32) return String.fromCharCode(0x2400 + code);
    return code === 127 ? "\u2421" : `\\x${code.toString(16)}`;
  });
}

function onOneLine(text: string): string {
  return visible(text).replaceAll("\n", "\u240a");
}

/** As `tailrace tail` prints it. */
function line(record: LogRecord): string {
  const time = record.time.replace("T", " ").replace(/\d{3}Z$/, "");
  const place = onOneLine(`${record.stream} ${record.logger ?? ""}`);
  const text = [record.message, record.exception].filter(Boolean).join("\n");
  return `${time} ${onOneLine(record.level).padEnd(8)} ${place}: ${visible(text).replaceAll("\n", "\n    ")}`;
}

function itemOf(entry: Copied): Readonly<Record<string, unknown>> {
  if (entry.type === "record") return { ...entry.record };
  return { kind: "gap", stream: entry.stream, message: missing(entry.gap), gap: entry.gap };
}

function missing({ count, after, before, reason }: Gap): string {
  const records = count === null ? "an unknown number of" : count;
  return `${records} records are missing between ${after} and ${before ?? "what follows"}: ${reason}`;
}

function row(item: Readonly<Record<string, unknown>>): string {
  return COLUMNS.map((column) => quoted(cell(item[column], column === "metadata" || column === "fields"))).join(",");
}

/** A value as a cell that no spreadsheet takes for a formula: docs/PROTOCOL.md, B6. */
function cell(value: unknown, free: boolean): string {
  if (value === undefined || value === null) return "";
  const text = typeof value === "string" && !free ? value : JSON.stringify(value);
  return /^[=+\-@\t\r']/.test(text) ? `'${text}` : text;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
