import { computed, effect, signal } from "@preact/signals";
import type { ListName } from "../engine/protocol.ts";
import { engine } from "../state/page.ts";
import { active, current, lists } from "../state/reading.ts";
import { look, view } from "../state/view.ts";

/** Whether the page's own find is open. */
export const finding = signal(view.peek().find !== "");

/** The list that is gone through: the one that keys act upon. */
export const listOfHits = computed<ListName>(() =>
  lists.value.includes(active.value) ? active.value : (lists.value[0] ?? "all"),
);

/** Which of the hits is the current row, from 1; null while it is none. */
export const place = signal<number | null>(null);

/** What had the focus when somebody opened it; null where a link did, which takes the focus from nobody. */
let opener: Element | null = null;

export function openFind(): void {
  const box = document.getElementById("find");
  opener = document.activeElement;
  finding.value = true;
  if (box instanceof HTMLInputElement) takeFocus(box);
}

/** Gives the focus to the field, if somebody opened it to type. */
export function takeFocus(box: HTMLInputElement | null): void {
  if (!opener) return;
  box?.focus();
  box?.select();
}

/** Nothing is looked for any more; the current row stays. */
export function leaveFind(): void {
  finding.value = false;
  look({ find: "" });
  if (opener instanceof HTMLElement) opener.focus();
  opener = null;
}

let sent = "";

effect(() => {
  const { find } = view.value;
  if (find === sent) return;
  sent = find;
  if (find) finding.value = true;
  engine.find(find);
});

/** What was asked last: an answer to anything else comes too late. */
let asked = 0;

// Whoever made a row the current one: keys, a press, or the buttons of the bar.
effect(() => {
  const ask = ++asked;
  const here = current.value;
  const { find } = view.value;
  place.value = null;
  if (!find || here?.list !== listOfHits.value) return;
  engine.step(here.list, here.number + 1, false, "hit").then(
    (found) => {
      if (ask === asked && found?.key === here.key) place.value = found.nth ?? null;
    },
    () => undefined, // nothing is read yet, so there are no hits
  );
});
