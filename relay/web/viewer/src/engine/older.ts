import type { Gap, LogRecord } from "@tailrace/client";
import { type Entry, gapEntry, numberOf, recordEntry } from "./entry.ts";
import type { Holding } from "./holding.ts";
import type { Places } from "./places.ts";

/**
 * Holds what is older than all that is held of the same streams, oldest first.
 *
 * @param places where history goes on before that.
 */
export function holdOlder(
  holding: Holding,
  records: readonly LogRecord[],
  gaps: readonly Gap[],
  places: Places,
): Entry[] {
  const { standings, key } = holding;
  const entries: Entry[] = [];
  const within = new Map<Gap, LogRecord>();
  for (const gap of gaps) {
    const next = records.find((each) => each.stream === gap.stream && isBehind(each, gap));
    if (next) within.set(gap, next);
    else entries.push(gapEntry(gap, key(), standings.before(gap.stream, gap.before ?? gap.after)));
  }
  for (const each of records.toReversed()) {
    const at = standings.before(each.stream, each.id);
    standings.addOlder(each.stream, each.id);
    entries.push(recordEntry(each, key(), at));
    for (const [gap, next] of within) if (next === each) entries.push(gapEntry(gap, key(), at));
  }
  entries.sort((a, b) => a.at - b.at || withinMs(a, b));
  holding.prepend(entries, places);
  return entries;
}

function isBehind({ id }: LogRecord, { after, before }: Gap): boolean {
  return before === null ? numberOf(id) > numberOf(after ?? "0-0") : numberOf(id) >= numberOf(before);
}

/** Within one ms: by stream; a gap directly before the record that it names. */
function withinMs(a: Entry, b: Entry): number {
  if (a.stream !== b.stream) return a.stream < b.stream ? -1 : 1;
  return numberIn(a) - numberIn(b);
}

function numberIn(entry: Entry): number {
  if (entry.type === "record") return numberOf(entry.record.id);
  return entry.type === "gap" ? numberOf(entry.gap.before ?? entry.gap.after ?? "0-0") - 0.5 : 0;
}
