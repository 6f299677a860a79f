import type { Clock } from "../state/preferences.ts";

// Times as people read them.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long something takes: `42 ms`, `3.2 s`, `2 min 5 s`, `1 h 12 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  if (ms < SECOND) return `${Math.max(0, Math.floor(ms))} ms`;
  if (ms < 10 * SECOND) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return twoUnits(ms, MINUTE, "min", SECOND, "s");
  return ms < DAY ? twoUnits(ms, HOUR, "h", MINUTE, "min") : twoUnits(ms, DAY, "d", HOUR, "h");
}

/** How long ago something was: `now`, `40 s ago`, `3 min ago`. */
export function ago(ms: number): string {
  if (ms < 2 * SECOND) return "now";
  const [size, unit] = ms < MINUTE ? [SECOND, "s"] : ms < HOUR ? [MINUTE, "min"] : ms < DAY ? [HOUR, "h"] : [DAY, "d"];
  return `${Math.floor(ms / size)} ${unit} ago`;
}

/** `14:03:12`, with the day where it is not today's; here, or in UTC. */
export function timeOf(ms: number, how: Clock, now = Date.now()): string {
  const [day, time] = dayAndTime(ms, how);
  const text = day === dayAndTime(now, how)[0] ? time : `${day} ${time}`;
  return how === "utc" ? `${text} UTC` : text;
}

function dayAndTime(ms: number, how: Clock): [day: string, time: string] {
  const offset = how === "utc" ? 0 : new Date(ms).getTimezoneOffset() * MINUTE;
  const [day = "", time = ""] = new Date(ms - offset).toISOString().split("T");
  return [day, time.slice(0, 8)];
}

/** The ms since 1970 of a stream ID: when Redis took the record. */
export function timeOfId(id: string): number {
  return Number(id.slice(0, id.indexOf("-")));
}

function twoUnits(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % large) / small);
  return `${Math.floor(ms / large)} ${largeName}${rest ? ` ${rest} ${smallName}` : ""}`;
}
