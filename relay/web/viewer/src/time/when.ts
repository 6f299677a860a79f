import { MINUTE, MONTHS, type Parts, partsOf, SECOND, timeAt, type Zone } from "./calendar.ts";
import type { Meaning } from "./meaning.ts";

/** What was said of a day and of a time of the day, in whatever order. */
interface Said {
  day?: Day;
  clock?: Pick<Parts, "hour" | "minute" | "second" | "ms">;
  zone?: Zone;
  /** Minutes east of UTC. */
  offset?: number;
  /** ms since 1970, said outright. */
  epoch?: number;
}

type Day =
  | { kind: "date"; year: number | null; month: number; day: number }
  | { kind: "back"; days: number }
  /** The last one, today included unless it is said outright to be the last. */
  | { kind: "weekday"; weekday: number; past: boolean };

/** What a part of the text adds; a text where it makes no sense. */
type Take = (groups: (string | undefined)[], said: Said) => string | undefined;

const WEEKDAY =
  "sun(?:day)?|mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs?(?:day)?)?|fri(?:day)?|sat(?:urday)?";
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const MONTH =
  "(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)";
const NTH = String.raw`(\d{1,2})(?:st|nd|rd|th)?`;
const HALF = String.raw`\s*([ap])\.?m\.?`;

/** Tried in this order wherever the text has been read to; none begins in the middle of a word. */
const TAKES: [RegExp, Take][] = [
  [pattern(String.raw`(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?=$|[\st,])t?`), ([y, m, d], said) => date(said, y, m, d)],
  [pattern(String.raw`(\d{1,2})\.(\d{1,2})\.(\d{4})`), ([d, m, y], said) => date(said, y, m, d)],
  [
    pattern(String.raw`${NTH}\.?\s+${MONTH}\.?(?:,?\s+(\d{4})(?!\d|:))?`),
    ([d, m, y], said) => date(said, y, monthOf(m), d),
  ],
  [
    pattern(String.raw`${MONTH}\.?\s+${NTH}(?![\d:])(?:,?\s+(\d{4})(?!\d|:))?`),
    ([m, d, y], said) => date(said, y, monthOf(m), d),
  ],
  [
    pattern(String.raw`(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:${HALF})?`),
    (groups, said) => clock(said, groups),
  ],
  [pattern(String.raw`(\d{1,2})${HALF}`), ([h, half], said) => clock(said, [h, "0", "0", "0", half])],
  [pattern("(noon|midday|midnight)"), ([name], said) => clock(said, [name === "midnight" ? "0" : "12", "0"])],
  [pattern("(today|yesterday)"), ([name], said) => day(said, { kind: "back", days: name === "today" ? 0 : 1 })],
  [
    pattern(String.raw`(last\s+)?(${WEEKDAY})`),
    ([last, name = ""], said) => day(said, weekday(name, last !== undefined)),
  ],
  [pattern("(z|utc|gmt)(?![a-z])"), (_, said) => inZone(said, "utc")],
  [pattern(String.raw`([+-])(\d{2}):?(\d{2})(?!\d)`), ([sign, h, m], said) => offset(said, sign, h, m)],
  [pattern(String.raw`(\d{10}|\d{13})(?:\.\d+)?(?![\d:])`), ([digits = ""], said) => epoch(said, digits)],
  [pattern(String.raw`(?:at|on|the|local(?: time)?)(?=\s)`), () => undefined],
  [pattern(String.raw`[\s,]+`), () => undefined],
];

function pattern(source: string): RegExp {
  return new RegExp(source, "iy");
}

/** Days and times of the day as people write them, in English, or as RFC 3339 does. What leaves the day open is the last
 * such time before `now`. */
export function readCalendar(text: string, now: number, zone: Zone): Meaning {
  const said: Said = {};
  for (let at = 0; at < text.length; ) {
    const [matched, why] = takeAt(text, at, said);
    if (!matched) return unclear(`“${text.slice(at).trim()}” is not understood.`);
    if (why !== undefined) return unclear(why);
    at += matched;
  }
  return resolve(said, now, zone);
}

/** How many characters were understood, and what is wrong with them. */
function takeAt(text: string, at: number, said: Said): [matched: number, why?: string | undefined] {
  for (const [expression, take] of TAKES) {
    expression.lastIndex = at;
    const match = expression.exec(text);
    if (match)
      return [
        match[0].length,
        take(
          match.slice(1).map((group) => group?.toLowerCase()),
          said,
        ),
      ];
  }
  return [0];
}

function resolve(said: Said, now: number, zone: Zone): Meaning {
  if (said.epoch !== undefined) return { what: "time", time: said.epoch };
  if (!said.day && !said.clock) return unclear("There is neither a day nor a time of the day in this.");
  // An offset makes a zone in which the wall shows UTC's time, shifted.
  const shift = (said.offset ?? 0) * MINUTE;
  const wall = said.offset === undefined ? (said.zone ?? zone) : "utc";
  const time = timeOf(said, now + shift, wall);
  return typeof time === "string" ? unclear(time) : { what: "time", time: time - shift };
}

function timeOf({ day, clock }: Said, now: number, zone: Zone): number | string {
  const today = partsOf(now, zone);
  const { hour, minute, second, ms } = clock ?? { hour: 0, minute: 0, second: 0, ms: 0 };
  const at = (date: Pick<Parts, "year" | "month" | "day">) => timeAt({ ...date, hour, minute, second, ms }, zone);
  const back = (days: number) => at({ ...today, day: today.day - days });
  if (!day) return back(back(0) > now ? 1 : 0);
  if (day.kind === "back") return back(day.days);
  if (day.kind === "weekday") {
    const days = (today.weekday - day.weekday + 7) % 7;
    return back(days === 0 && (day.past || back(0) > now) ? 7 : days);
  }
  return dateOf(day, today.year, now, zone, at);
}

function dateOf(
  date: Extract<Day, { kind: "date" }>,
  thisYear: number,
  now: number,
  zone: Zone,
  at: (date: Pick<Parts, "year" | "month" | "day">) => number,
): number | string {
  const written = { ...date, year: date.year ?? thisYear };
  if (date.year === null && at(written) > now) written.year -= 1;
  const time = at(written);
  const found = partsOf(time, zone);
  if (found.month !== date.month || found.day !== date.day || found.year !== written.year) {
    return `There is no ${date.day} ${MONTHS[date.month - 1] ?? `in month ${date.month}`}${date.year ? ` ${date.year}` : ""}.`;
  }
  return time < 0 ? "That is before 1970, when nothing was logged." : time;
}

function date(said: Said, year: string | undefined, month: string | number | undefined, dayOf: string | undefined) {
  return day(said, {
    kind: "date",
    year: year === undefined ? null : Number(year),
    month: Number(month),
    day: Number(dayOf),
  });
}

function day(said: Said, value: Day): string | undefined {
  if (said.day) return "There are two days in this: right would be one.";
  said.day = value;
  return undefined;
}

function weekday(name: string, past: boolean): Day {
  return { kind: "weekday", weekday: WEEKDAYS.indexOf(name.slice(0, 3)), past };
}

function monthOf(name: string | undefined): number {
  return MONTHS.findIndex((month) => month.toLowerCase() === name?.slice(0, 3)) + 1;
}

/** Of hours, minutes, seconds, a fraction, and `a` or `p`. */
function clock(said: Said, [h, m, s, fraction, half]: (string | undefined)[]): string | undefined {
  if (said.clock) return "There are two times of the day in this: right would be one.";
  let hour = Number(h);
  const [minute, second] = [Number(m), Number(s ?? 0)];
  if (half ? hour < 1 || hour > 12 : hour > 23) return `${h} is no hour: ${half ? "1 to 12" : "0 to 23"} are.`;
  if (half) hour = (hour % 12) + (half === "p" ? 12 : 0);
  if (minute > 59 || second > 59) return `${minute > 59 ? `${m} is no minute` : `${s} is no second`}: 0 to 59 are.`;
  said.clock = { hour, minute, second, ms: Number((fraction ?? "").padEnd(3, "0").slice(0, 3)) };
  return undefined;
}

function inZone(said: Said, zone: Zone): undefined {
  said.zone = zone;
}

function offset(
  said: Said,
  sign: string | undefined,
  h: string | undefined,
  m: string | undefined,
): string | undefined {
  if (!said.clock) return "An offset from UTC belongs behind a time of the day.";
  said.offset = (sign === "-" ? -1 : 1) * (Number(h) * 60 + Number(m));
  return undefined;
}

function epoch(said: Said, digits: string): string | undefined {
  if (said.day || said.clock) return "There are two times in this: right would be one.";
  said.epoch = Number(digits) * (digits.length === 10 ? SECOND : 1);
  return undefined;
}

function unclear(why: string): Meaning {
  return { what: "unclear", why };
}
