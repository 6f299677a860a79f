import { effect } from "@preact/signals";
import { engine } from "../state/page.ts";
import { goTo, lists } from "../state/reading.ts";
import { view } from "../state/view.ts";

/** Goes to the record of the address as soon as it is there, before anything else of that frame is drawn. */
export function openRecord(): void {
  let shown = "";
  effect(() => {
    const { record } = view.value;
    const opened = engine.frame.value?.opened;
    if (!record) shown = "";
    if (record === shown || opened?.record !== record) return;
    for (const list of lists.peek()) {
      const number = opened.rows[list];
      if (number === undefined) continue;
      shown = record;
      goTo({ list, key: opened.key, number });
    }
  });
}
