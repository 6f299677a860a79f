import { useLayoutEffect, useRef } from "preact/hooks";
import { run } from "../state/actions.ts";
import { engine } from "../state/page.ts";
import { look, view } from "../state/view.ts";
import { count, number } from "../status/numbers.ts";
import { finding, leaveFind, listOfHits, place, takeFocus } from "./finding.ts";

/** Finds a text in the records shown, without leaving others out. */
export function Find() {
  return finding.value ? <FindBar /> : null;
}

function FindBar() {
  const box = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => takeFocus(box.current), []);
  const { find } = view.value;
  const hits = engine.frame.value?.lists[listOfHits.value].hits ?? 0;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    if (event.key === "Enter") step(!event.shiftKey);
    else if (event.key === "Escape") leaveFind();
    else return;
    event.preventDefault();
  };
  return (
    <search class="find-bar" aria-label="Find in the records shown">
      <input
        ref={box}
        id="find"
        class="find-text"
        type="text"
        aria-label="Find"
        aria-describedby="find-count"
        placeholder="Find"
        autocomplete="off"
        spellcheck={false}
        value={find}
        onInput={(event) => look({ find: event.currentTarget.value })}
        onKeyDown={onKeyDown}
      />
      <span id="find-count" class="find-count" role="status">
        {find && countOf(hits, place.value)}
      </span>
      <button type="button" aria-label="Previous hit" title="Previous (N)" disabled={!hits} onClick={() => step(false)}>
        ↑
      </button>
      <button type="button" aria-label="Next hit" title="Next (n)" disabled={!hits} onClick={() => step(true)}>
        ↓
      </button>
      <button type="button" aria-label="Close find" title="Close (Esc)" onClick={leaveFind}>
        ×
      </button>
    </search>
  );
}

/** As the keys do, around at the ends. */
function step(forward: boolean): void {
  run(forward ? "next-hit" : "previous-hit");
}

function countOf(hits: number, nth: number | null): string {
  if (!hits) return "No hits";
  if (nth !== null) return `${number(nth)} of ${number(hits)} hits`;
  return count(hits, "hit");
}
