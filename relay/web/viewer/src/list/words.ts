import type { Gap } from "@tailrace/client";
import { count, number } from "../status/numbers.ts";

/** `1.2 M`: about as many. */
export function about(value: number): string {
  if (value < 10_000) return number(value);
  if (value < 1_000_000) return `${number(Math.round(value / 1000))} k`;
  return `${(value / 1_000_000).toFixed(value < 10_000_000 ? 1 : 0)} M`;
}

/** Of a text with so many characters: `20 MB`. */
export function size(characters: number): string {
  if (characters < 10_000) return count(characters, "character");
  if (characters < 1_000_000) return `${Math.round(characters / 1000)} kB`;
  return `${(characters / 1_000_000).toFixed(characters < 10_000_000 ? 1 : 0)} MB`;
}

/** What is missing, and why. */
export function gapWords(gap: Gap): string {
  const records = gap.count === null ? "Records" : count(gap.count, "record");
  switch (gap.reason) {
    case "trimmed":
      return `${records} trimmed: retention removed them before they were read`;
    case "cleared":
      return gap.count ? `${records} cleared: somebody emptied the stream` : "Somebody cleared the stream";
    case "epoch":
      return "Redis lost its records and the numbering here: nobody can say how many";
    case "fork":
      return `${records} withdrawn by a failover of Redis: what agents send again comes again`;
    case "agent_dropped":
      return `${records} shed by their agent, which had no room${levelWords(gap)}`;
    case "unreadable":
      return `${records} unreadable: their frame is damaged`;
    default:
      return `${records} missing: ${gap.reason}`;
  }
}

/** ` (DEBUG 1,100 · INFO 100)`. */
function levelWords({ by_level: levels = {} }: Gap): string {
  const parts = Object.entries(levels).map(([level, records]) => `${level} ${number(records)}`);
  return parts.length ? ` (${parts.join(" · ")})` : "";
}

/** What stands above the oldest record. */
export function horizonWords(trimmed: number): string {
  return trimmed
    ? `History begins here · ${about(trimmed)} older ${trimmed === 1 ? "record" : "records"} trimmed`
    : "History begins here";
}
