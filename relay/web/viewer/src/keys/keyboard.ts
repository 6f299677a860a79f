import { type Action, allActions } from "../state/actions.ts";
import { dialog } from "../state/dialog.ts";
import { preference } from "../state/preferences.ts";
import { hasModifier, matches } from "./press.ts";
import "./actions.ts";

/** Whether keys without Ctrl or Alt do anything: speech input and shaky hands press them without meaning to. */
export const singleKeys = preference("single-keys", true);

const TEXT = 'input:not([type="button"], [type="checkbox"], [type="radio"], [type="range"]), textarea, select';
const PRESSED = "button, a[href], summary, input, [role=button], [role=tab], [role=option], [role^=menuitem]";
const MOVED = "[role=listbox], [role=menu], [role=tablist], [role=slider], [role=separator], input";

/** Keys that edit a text, together with Ctrl or Cmd. */
const EDITING = /^([acvxyz]|Arrow.*|Backspace|Delete|Home|End|Enter)$/i;
const MOVING = /^(Arrow.*|Home|End|Page.*)$/;

/** Holding these down goes on and on; anything else is meant once. */
const REPEATED: ReadonlySet<Action["group"]> = new Set(["Moving", "Time"]);

/** Runs the action of each key that is pressed outside a text field; the answer ends that. */
export function listenForKeys(): () => void {
  addEventListener("keydown", onKey);
  return () => removeEventListener("keydown", onKey);
}

function onKey(event: KeyboardEvent): void {
  const action = actionOf(event);
  if (!action || (event.repeat && !REPEATED.has(action.group))) return;
  event.preventDefault();
  action.run();
}

/** The action of a key where it was pressed; none where the browser, a field or a dialog has its own use for it. */
export function actionOf(event: KeyboardEvent): Action | undefined {
  if (event.defaultPrevented || event.isComposing || dialog.peek() || isLeft(event)) return undefined;
  if (!singleKeys.peek() && !hasModifier(event) && event.key !== "Escape") return undefined;
  return allActions().find((action) => action.keys.some((key) => matches(key, event)) && (action.when?.() ?? true));
}

/** Whether what has the focus needs the key itself. */
function isLeft(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0];
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.matches(TEXT)) return !hasModifier(event) || EDITING.test(event.key);
  if (hasModifier(event)) return false;
  if (event.key === " " || event.key === "Enter") return target.closest(PRESSED) !== null;
  return MOVING.test(event.key) && target.closest(MOVED) !== null;
}
