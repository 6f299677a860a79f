import type { GapRow, HorizonRow } from "../engine/rows.ts";
import { visible } from "./text.ts";
import { fullTime } from "./times.ts";
import { gapWords, horizonWords } from "./words.ts";

/** Records that are not there: how many, and why. */
export function GapBar({ row: { gap }, streams }: { row: GapRow; streams: boolean }) {
  const words = visible(`${streams ? `${gap.stream}: ` : ""}${gapWords(gap)}`);
  return (
    <span class="log-bar" data-reason={gap.reason}>
      {words}
    </span>
  );
}

/** Where history begins. */
export function HorizonBar({ row: { time, trimmed } }: { row: HorizonRow }) {
  return (
    <span class="log-bar" data-reason="horizon" title={time === null ? undefined : fullTime(time)}>
      {horizonWords(trimmed)}
    </span>
  );
}
