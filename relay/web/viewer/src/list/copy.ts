import type { CopyFormat } from "../engine/protocol.ts";
import { copyText } from "../export/clipboard.ts";
import { attempt, say } from "../export/notice.ts";
import { engine } from "../state/page.ts";
import { selected } from "../state/reading.ts";
import { count } from "../status/numbers.ts";
import { hasSelection } from "./gestures.ts";

/** Copies the chosen rows, also those that are not on the page. */
export function copyChosen(as: CopyFormat): void {
  const range = selected.peek();
  if (range) attempt(copy(range, as));
}

/** Has the browser's own copy in a list copy the chosen rows, unless text is selected; the answer ends that. */
export function copyInstead(): () => void {
  function onCopy(event: ClipboardEvent): void {
    if (!selected.peek() || hasSelection() || !(event.target as Element).closest(".log")) return;
    event.preventDefault();
    copyChosen("text");
  }
  document.addEventListener("copy", onCopy);
  return () => document.removeEventListener("copy", onCopy);
}

async function copy({ list, from, to }: NonNullable<typeof selected.value>, as: CopyFormat): Promise<void> {
  const { text, records } = await engine.copy(list, as, { from, to });
  await copyText(text);
  say(`Copied ${count(records, "record")}.`);
}
