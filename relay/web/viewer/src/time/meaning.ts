import { DAY, HOUR, MINUTE, SECOND, type Zone } from "./calendar.ts";
import { readCalendar } from "./when.ts";

/** What somebody who wants to go somewhere has typed or pasted. */
export type Meaning =
  | { what: "now" }
  | { what: "time"; time: number }
  /** `<stream>/<id>` */
  | { what: "record"; record: string }
  /** An ID without its stream: of one of those that are looked at. */
  | { what: "id"; id: string }
  | { what: "unclear"; why: string };

export const EXAMPLES = ["10 min ago", "10:30", "yesterday 5:30pm", "5 AM Friday", "2026-11-21 10:30"] as const;

/** What `text` says at the time `now`, times of the day being those of `zone`. Pure; never throws. */
export function understand(text: string, now: number, zone: Zone): Meaning {
  const said = text.trim();
  if (!said) return { what: "unclear", why: "Say a time, how long ago, a record's ID, or paste a link to a record." };
  return readPlace(said) ?? readAgo(said, now) ?? readCalendar(said, now, zone);
}

const STREAM = "[A-Za-z0-9._:-]{1,128}";
const ID = String.raw`\d{1,16}-\d{1,16}`;
const PLACE = new RegExp(`^(?:/?r/)?(${STREAM})/(${ID})$`);

/** A link to a record, its path, or an ID. */
function readPlace(said: string): Meaning | null {
  const path = pathOf(said);
  const [, stream = "", id = ""] = PLACE.exec(path) ?? [];
  if (stream) return { what: "record", record: `${stream}/${id}` };
  if (!new RegExp(`^${ID}$`).test(path)) return said === path ? null : { what: "unclear", why: NO_RECORD };
  const [ms = "", n = ""] = path.split("-");
  // As cursors have it, number 0 is a time.
  return Number(n) ? { what: "id", id: path } : { what: "time", time: Number(ms) };
}

const NO_RECORD = "This link is not one to a record: such a link has /r/<stream>/<id> or ?record=<stream>/<id> in it.";

function pathOf(said: string): string {
  if (!/^https?:\/\//i.test(said) || !URL.canParse(said)) return said;
  const { pathname, searchParams } = new URL(said);
  const path = searchParams.get("record") ?? pathname.replace(/^.*\/r\//, "");
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // a lone % is no escape, and so no record's name either
  }
}

const UNITS: Record<string, number> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY };
const UNIT = "(?:seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w)";
const AMOUNT = String.raw`(\d+(?:\.\d+)?\s*|an?\s+)(${UNIT})(?![a-z])`;
const AGO = new RegExp(String.raw`^(?:-\s*)?((?:${AMOUNT}(?:\s*,?\s*(?:and\s+)?))+)(?:ago)?$`, "i");

/** `10 min ago`, `1h 30m`, `-15m`, `an hour ago`; `now`. */
function readAgo(said: string, now: number): Meaning | null {
  if (/^(now|live)$/i.test(said)) return { what: "now" };
  // A digit and a letter may follow each other without a blank, and then the unit is followed by a digit.
  const spaced = said.replace(/([a-z])(?=\d)/gi, "$1 ");
  const amounts = AGO.exec(spaced)?.[1];
  if (amounts === undefined) return null;
  let ago = 0;
  for (const [, count = "", unit = ""] of amounts.matchAll(new RegExp(AMOUNT, "gi"))) {
    ago += (/^a/i.test(count) ? 1 : Number(count)) * (UNITS[unit.charAt(0).toLowerCase()] ?? 0);
  }
  const time = now - ago;
  return time < 0 ? { what: "unclear", why: "That is before 1970, when nothing was logged." } : { what: "time", time };
}
