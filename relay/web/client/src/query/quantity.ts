/** A number and what it measures: nothing, nanoseconds or bytes. */
export interface Amount {
  value: number;
  dimension: Dimension;
}

export type Dimension = "" | "ns" | "B";

/** A number, or a time as records have it: RFC 3339 UTC with microseconds, so that texts compare as times do. */
export type Quantity = Amount | { value: string; dimension: "" };

const TIME_UNITS = table("ns 1 us 1e3 µs 1e3 μs 1e3 ms 1e6 s 1e9 m 6e10 h 3.6e12 d 8.64e13");
const SIZE_UNITS = table(
  `b 1 kb 1e3 mb 1e6 gb 1e9 tb 1e12 kib 1024 mib ${2 ** 20} gib ${2 ** 30} tib ${2 ** 40} bytes 1`,
);

// The last word of a key tells in which unit its bare numbers are: duration_ms, http.response_bytes.
const KEY_TIMES = table(
  "ns 1 nanos 1 nanoseconds 1 us 1e3 micros 1e3 microseconds 1e3 ms 1e6 millis 1e6 milliseconds 1e6 " +
    "s 1e9 sec 1e9 secs 1e9 seconds 1e9 min 6e10 mins 6e10 minutes 6e10 hours 3.6e12 days 8.64e13",
);

const NUMBER = /^([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?)([A-Za-zµμ]*)$/;
const COMPOUND = /(\d+(?:\.\d+)?)([a-zµμ]+)/y;
const TIME = /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6})\d*)?)?(?:[Zz]|([+-])(\d\d):(\d\d))?)?$/;

// Characters of a value that are looked at for a number with a unit.
const LONGEST = 64;

const MINUTE = 60_000;

/** A number as JSON has it, perhaps with a unit of time or size, or several (`1m30s`); null for other text. */
export function parseQuantity(text: string): Amount | null {
  if (text.length > LONGEST) return null;
  const [, digits, unit = ""] = NUMBER.exec(text) ?? [];
  if (digits === undefined) return compound(text);
  const seconds = TIME_UNITS.get(unit);
  if (seconds) return finite(Number(digits) * seconds, "ns");
  if (!unit) return finite(Number(digits), "");
  const bytes = unit === "bytes" ? undefined : SIZE_UNITS.get(unit.toLowerCase());
  return bytes ? finite(Number(digits) * bytes, "B") : null;
}

function compound(text: string): Amount | null {
  let total = 0;
  COMPOUND.lastIndex = 0;
  for (let end = 0; end < text.length; end = COMPOUND.lastIndex) {
    const [, digits, unit = ""] = COMPOUND.exec(text) ?? [];
    const factor = TIME_UNITS.get(unit);
    if (!factor) return null;
    total += Number(digits) * factor;
  }
  return text ? finite(total, "ns") : null;
}

function finite(value: number, dimension: Dimension): Amount | null {
  return Number.isFinite(value) ? { value, dimension } : null;
}

/**
 * How much one of a bare number under this key is, in nanoseconds or bytes: seconds or bytes, where the key does not
 * tell; null where it tells of something else.
 */
export function keyScale(key: string, dimension: Dimension): number | null {
  const word = (/[^._-]*$/.exec(key)?.[0] ?? "").toLowerCase();
  const time = KEY_TIMES.get(word);
  const size = word === "b" ? undefined : SIZE_UNITS.get(word);
  if (dimension === "ns") return time ?? (size ? null : 1e9);
  return size ?? (time ? null : 1);
}

/**
 * The first and the last microsecond of a day, a minute, a second or a part of one, as records have times. From the
 * right, parts may be absent; without an offset it is UTC. Null for other text, and for times that no calendar has.
 */
export function parseTime(text: string): [first: string, last: string] | null {
  const [, day, hour, minute = "", second, fraction = "", sign, zoneHour, zoneMinute] = TIME.exec(text) ?? [];
  if (!day) return null;
  const zone = sign ? Number(zoneHour) * 60 + Number(zoneMinute) : 0;
  const midnight = Date.parse(`${day}T00:00Z`);
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== day || day < "0001") return null;
  if (!hour) return [`${day}T00:00:00.000000Z`, `${day}T23:59:59.999999Z`];
  if (hour > "23" || minute > "59" || (second ?? "") > "59" || zone >= 24 * 60) return null;
  const clock = (Number(hour) * 60 + Number(minute) + (sign === "-" ? zone : -zone)) * MINUTE;
  const start = new Date(midnight + clock).toISOString().slice(0, -7);
  if (start.length !== 17 || start < "0001") return null;
  if (!second) return [`${start}00.000000Z`, `${start}59.999999Z`];
  return [`${start}${second}.${fraction.padEnd(6, "0")}Z`, `${start}${second}.${fraction.padEnd(6, "9")}Z`];
}

function table(pairs: string): Map<string, number> {
  return new Map(Array.from(pairs.matchAll(/(\S+) (\S+)/g), ([, word = "", factor]) => [word, Number(factor)]));
}
