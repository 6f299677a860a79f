import type { Clock } from "../state/preferences.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** When something was, as a line has it: `16:02:33.042`, or how long before `now`. */
export function shortTime(time: number, clock: Clock, now: number): string {
  if (clock === "relative") return ago(now - time);
  return clock === "utc" ? new Date(time).toISOString().slice(11, 23) : `${localTime(new Date(time))}`;
}

/** All that is known of a time, here and in UTC. */
export function fullTime(time: number): string {
  const date = new Date(time);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const micros = micro(time);
  return `${day} ${localTime(date)}${micros} ${offset(date)} · ${date.toISOString().slice(0, -1)}${micros}Z`;
}

function ago(ms: number): string {
  if (ms < 0) return "now";
  if (ms < 10 * SECOND) return `${(ms / SECOND).toFixed(1)} s ago`;
  const [unit, name] = ms < MINUTE ? [SECOND, "s"] : ms < HOUR ? [MINUTE, "min"] : ms < DAY ? [HOUR, "h"] : [DAY, "d"];
  return `${Math.floor(ms / Number(unit))} ${name} ago`;
}

function localTime(date: Date): string {
  const ms = String(date.getMilliseconds()).padStart(3, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${ms}`;
}

/** The µs behind the ms: as a number, a time of these years is exact to a quarter of one. */
function micro(time: number): string {
  return String(Math.round((time - Math.floor(time)) * 1000) % 1000).padStart(3, "0");
}

/** Of the time zone of this browser: `+01:00`. */
function offset(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
