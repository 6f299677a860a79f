import type { RecordRow } from "../engine/rows.ts";
import { say } from "../export/notice.ts";
import { engine } from "../state/page.ts";
import { active, current, goTo, type Place } from "../state/reading.ts";
import { MINUTE } from "./calendar.ts";
import { jumpToTime } from "./jump.ts";

let busy = false;

/** Moves by minutes from the row that keys start from; without one, from the last in sight. A key that is held down
 * moves as fast as answers come. */
export async function moveMinutes(minutes: number): Promise<void> {
  if (busy) return;
  busy = true;
  try {
    await move(minutes);
  } finally {
    busy = false;
  }
}

async function move(minutes: number): Promise<void> {
  const from = current.peek() ?? lastPlace();
  const time = from && (await readingTime(from));
  if (time === null) return;
  const problem = await jumpToTime(time + minutes * MINUTE);
  if (problem) say(minutes > 0 ? "There is nothing later yet." : problem);
  // Where nothing was logged for more than a minute, the first record after it is the one that was left.
  else if (minutes < 0 && from && current.peek()?.key === from.key) stepBack(from);
}

function stepBack({ list, number }: Place): void {
  const row = rowsOf(list).findLast((each) => each.number < number);
  if (row) goTo({ list, key: row.key, number: row.number });
}

/** When a row was logged; null for what is no record, or held no more. */
async function readingTime(place: Place): Promise<number | null> {
  const row = rowsOf(place.list).find(({ key }) => key === place.key);
  if (row) return row.time;
  const record = await engine.record(place.key);
  return record && Date.parse(record.time);
}

/** The last row in sight. */
function lastPlace(): Place | null {
  const list = active.peek();
  const row = rowsOf(list).at(-1);
  return row ? { list, key: row.key, number: row.number } : null;
}

function rowsOf(list: Place["list"]): RecordRow[] {
  return engine.frame.peek()?.lists[list].rows.filter((row) => row.type === "record") ?? [];
}
