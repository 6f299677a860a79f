import type { CopyFormat, ListName } from "../engine/protocol.ts";
import { engine } from "../state/page.ts";
import { current, selected } from "../state/reading.ts";

/** Which records are downloaded or copied: the rows that were selected, else all that is shown, both panels together. */
export function chosenList(): { list: ListName; from?: number; to?: number } {
  return selected.value ?? { list: "all" };
}

/** How many records there are to keep. */
export function countShown(): number {
  return engine.frame.value?.lists.all.records ?? 0;
}

/** What was chosen, as text of a format. */
export function chosenText(as: CopyFormat): Promise<{ text: string; records: number }> {
  const { list, ...range } = chosenList();
  return engine.copy(list, as, range);
}

/** The same as a file. */
export function chosenFile(as: CopyFormat): Promise<{ file: Blob; records: number }> {
  const { list, ...range } = chosenList();
  return engine.file(list, as, range);
}

/** `<stream>/<id>` of the row that keys start from; null without one. */
export async function currentRecord(): Promise<string | null> {
  const record = current.peek() && (await engine.record(current.peek()?.key ?? 0));
  return record ? `${record.stream}/${record.id}` : null;
}
