import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { declare } from "../state/actions.ts";
import { open } from "../state/dialog.ts";
import { useLater } from "../time/part.ts";
import { bookmarks, followBookmarks, stepBookmark } from "./bookmarks.ts";
import { attempt, dismiss, notice } from "./notice.ts";
import "./menu.css";

/** Where the panel stands: below the button; null while it is closed. */
export const panel = signal<{ top: number; right: number } | null>(null);

/** The button that the panel belongs to. */
export const button = signal<HTMLButtonElement | null>(null);

export function openPanel(): void {
  const bounds = button.peek()?.getBoundingClientRect();
  if (bounds) panel.value = { top: bounds.bottom + 4, right: innerWidth - bounds.right };
}

export function closePanel({ focus = true } = {}): void {
  panel.value = null;
  if (focus) button.peek()?.focus();
}

declare({ name: "download", label: "Download or copy", group: "Keeping", keys: ["d"], run: openPanel });
declare({
  name: "copy-link",
  label: "Copy a link to the record, or to this view",
  group: "Keeping",
  keys: ["y"],
  run: () => attempt(import("./copying.ts").then(({ copyLink }) => copyLink())),
});
declare({
  name: "copy-command",
  label: "Copy as a command for a terminal",
  group: "Keeping",
  keys: ["Y"],
  run: () => attempt(import("./copying.ts").then(({ copyCommand }) => copyCommand())),
});
declareStep("next-mark", "Next bookmark", "u", true);
declareStep("previous-mark", "Bookmark before", "U", false);
declare({ name: "bookmarks", label: "Bookmarks and notes", group: "Keeping", keys: ["b"], run: openBookmarks });

export function openBookmarks(): void {
  // The dialog gives the focus back to what has it now.
  if (panel.peek()) closePanel();
  open(() => import("./bookmarks_dialog.tsx"));
}

/** Download, copy, bookmarks and notes. */
export function KeepMenu() {
  const element = useRef<HTMLButtonElement>(null);
  useEffect(followBookmarks, []);
  useEffect(() => {
    button.value = element.current;
  }, []);
  const isOpen = panel.value !== null;
  const Panel = useLater(() => import("./panel.tsx"), isOpen);
  const marked = bookmarks.value.length;
  return (
    <>
      <button aria-expanded={isOpen} ref={element} type="button" onClick={() => (isOpen ? closePanel() : openPanel())}>
        Keep{marked ? <span class="keep-count">{marked}</span> : null} <span aria-hidden="true">▾</span>
      </button>
      {isOpen && Panel && <Panel />}
      <Notice />
    </>
  );
}

/** What came of the last thing that was done here. */
function Notice() {
  const { text, wrong } = notice.value ?? { text: "", wrong: false };
  return (
    <div class="notice-place" role="status">
      {text && (
        <div class={wrong ? "notice wrong" : "notice"}>
          {text}
          <button aria-label="Dismiss" type="button" onClick={dismiss}>
            ×
          </button>
        </div>
      )}
    </div>
  );
}

function declareStep(name: string, label: string, key: string, forward: boolean): void {
  declare({ name, label, group: "Moving", keys: [key], run: () => attempt(stepBookmark(forward)) });
}
