import { effect } from "@preact/signals";
import { engine } from "../state/page.ts";
import { goLive, goTo, lists } from "../state/reading.ts";
import { look, view, wholeQuery } from "../state/view.ts";

/** Stream and ID of `<stream>/<id>`. */
export function nameParts(record: string): [stream: string, id: string] {
  const slash = record.lastIndexOf("/");
  return [record.slice(0, slash), record.slice(slash + 1)];
}

/** Shows a record with all that stands around it, whatever the query says. */
export function seeAround(record: string): void {
  look({ record, since: "", until: "", run: "" }, { step: true });
}

/** To what comes now. */
export function backToLive(): void {
  look({ record: "", since: "", until: "" }, { step: true });
  goLive();
}

/** Leaves a record's surroundings when the query becomes another one: who changes it wants to see what it selects. The answer
 * ends that. */
export function leaveForQuery(): () => void {
  let around = "";
  let query = "";
  return effect(() => {
    const { record } = view.value;
    const next = wholeQuery.value;
    if (record !== around) [around, query] = [record, next];
    else if (record && next !== query) look({ record: "" });
  });
}

/** Goes to a record that is loaded; whether it is. */
export async function showRecord(record: string): Promise<boolean> {
  for (const list of lists.peek()) {
    const place = await engine.locate(list, { id: record });
    if (place) {
      goTo({ list, ...place });
      return true;
    }
  }
  return false;
}
