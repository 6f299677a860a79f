import type { EngineQuestion } from "../engine/protocol.ts";

// ms that a process' clock may be ahead of Redis', which is what the gateway allows as well.
const CLOCK_AHEAD = 3_600_000;

/** The command that prints in a terminal what the page shows: `tailrace tail …`, quoted for a POSIX shell. */
export function tailCommand(gateway: string, question: EngineQuestion, now: number): string {
  const { streams, options } = question.record ? fromRecord(question.record) : following(question, now);
  const words = options.map(([name, value]) => (value === undefined ? name : optionText(name, value)));
  // A stream's name may begin with a minus.
  const named = streams.some((stream) => stream.startsWith("-"));
  const names = streams.map(quoted);
  const rest = [optionText("--url", gateway), ...words];
  return ["tailrace tail", ...(named ? [...rest, "--", ...names] : [...names, ...rest])].join(" ");
}

type Option = [name: string, value?: string];

function following({ streams, query, tail, since, until }: EngineQuestion, now: number) {
  const [from, to] = [momentOf(since, now), momentOf(until, now)];
  const bounds = [from === null ? "" : `time:>=${iso(from)}`, to === null ? "" : `time:<=${iso(to)}`].filter(Boolean);
  const whole = [query && bounds.length ? `(${query})` : query, ...bounds].filter(Boolean).join(" ");
  const options: Option[] = [];
  if (whole) options.push(["-q", whole]);
  // Records are appended after they were logged: from a bit before that time, the query finds all of them.
  if (from === null) options.push(["-n", String(tail)]);
  else options.push(["--after", `${Math.max(1, Math.floor(from) - CLOCK_AHEAD)}-0`]);
  if (to === null) options.push(["-f"]);
  return { streams, options };
}

/** From a record on: behind the place before it. */
function fromRecord(record: string): { streams: string[]; options: Option[] } {
  const slash = record.lastIndexOf("/");
  const [ms = "", n = ""] = record.slice(slash + 1).split("-");
  const after = Number(n) > 1 ? `${ms}-${Number(n) - 1}` : "0-0";
  return { streams: [record.slice(0, slash)], options: [["--after", after]] };
}

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A bound in ms: RFC 3339, or how long ago, as `-1h30m`. Null where it is open. */
function momentOf(bound: string, now: number): number | null {
  if (!bound) return null;
  if (!/^-\d/.test(bound)) {
    const time = Date.parse(bound);
    return Number.isNaN(time) ? null : time;
  }
  let time = now;
  for (const [, count, unit] of bound.matchAll(/([\d.]+)(ms|s|m|h|d)/g))
    time -= Number(count) * (UNITS[unit ?? ""] ?? 0);
  return time;
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

function optionText(name: string, value: string): string {
  if (!value.startsWith("-")) return `${name} ${quoted(value)}`;
  // A value that begins with a minus would look like an option.
  return `${name === "-q" ? "--query" : name}=${quoted(value)}`;
}

/** A word as a POSIX shell takes it for exactly this text. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
