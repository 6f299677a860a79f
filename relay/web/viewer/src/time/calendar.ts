/** In which zone times are read and written: that of this browser, or UTC. */
export type Zone = "local" | "utc";

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** A time as a calendar and a clock on the wall have it; months count from 1, weekdays from Sunday, 0. */
export interface Parts {
  year: number;
  month: number;
  day: number;
  weekday: number;
  hour: number;
  minute: number;
  second: number;
  ms: number;
}

export function partsOf(time: number, zone: Zone): Parts {
  // As UTC, of a time that is off by what the zone is off: the names of Date's two families of methods are many.
  const date = new Date(zone === "utc" ? time : time - new Date(time).getTimezoneOffset() * MINUTE);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    weekday: date.getUTCDay(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    ms: date.getUTCMilliseconds(),
  };
}

/** The time at which wall and calendar say so; what exceeds its unit runs over into the next. */
export function timeAt(parts: Omit<Parts, "weekday">, zone: Zone): number {
  const { year, month, day, hour, minute, second, ms } = parts;
  return zone === "utc"
    ? Date.UTC(year, month - 1, day, hour, minute, second, ms)
    : new Date(year, month - 1, day, hour, minute, second, ms).getTime();
}

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
export const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const two = (number: number) => String(number).padStart(2, "0");

/** `10:31:05`, with milliseconds where what is told apart is finer than a second (`width` in ms). */
export function clockText(time: number, zone: Zone, width = SECOND): string {
  const { hour, minute, second, ms } = partsOf(time, zone);
  const text = `${two(hour)}:${two(minute)}:${two(second)}`;
  return width < SECOND ? `${text}.${String(ms).padStart(3, "0")}` : text;
}

/** `21 Nov`, with the year where it is not that of `now`. */
export function dayText(time: number, zone: Zone, now: number): string {
  const { year, month, day } = partsOf(time, zone);
  const text = `${day} ${MONTHS[month - 1] ?? ""}`;
  return year === partsOf(now, zone).year ? text : `${text} ${year}`;
}

/** The clock, with the day where it is not the one of `now`. */
export function shortText(time: number, zone: Zone, now: number, width = SECOND): string {
  const clock = clockText(time, zone, width);
  return sameDay(time, now, zone) ? clock : `${dayText(time, zone, now)} ${clock}`;
}

/** `10:31:05 – 10:32:40`, naming the days where they differ from today, and the second one only where it is another. */
export function spanText(from: number, to: number, zone: Zone, now: number): string {
  const width = to - from < 10 * SECOND ? 1 : SECOND;
  const end = sameDay(from, to, zone) ? clockText(to, zone, width) : shortText(to, zone, now, width);
  return `${shortText(from, zone, now, width)} – ${end}`;
}

/** `Sat 21 Nov 2026, 10:30:00`, and `UTC` where it is. */
export function longText(time: number, zone: Zone): string {
  const { weekday, day, month, year, ms } = partsOf(time, zone);
  const clock = clockText(time, zone, ms ? 1 : SECOND);
  return `${WEEKDAYS[weekday]} ${day} ${MONTHS[month - 1]} ${year}, ${clock}${zone === "utc" ? " UTC" : ""}`;
}

/** `3 min ago`, `in 2 h`: in the largest unit that it reaches, rounded down. */
export function agoText(time: number, now: number): string {
  const units: [number, string][] = [
    [DAY, "d"],
    [HOUR, "h"],
    [MINUTE, "min"],
    [SECOND, "s"],
  ];
  const distance = Math.abs(now - time);
  const [size, name] = units.find(([each]) => distance >= each) ?? [SECOND, "s"];
  const amount = `${Math.floor(distance / size)} ${name}`;
  return time > now ? `in ${amount}` : `${amount} ago`;
}

function sameDay(one: number, other: number, zone: Zone): boolean {
  const [a, b] = [partsOf(one, zone), partsOf(other, zone)];
  return a.day === b.day && a.month === b.month && a.year === b.year;
}
