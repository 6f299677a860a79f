import { useEffect } from "preact/hooks";
import { lists } from "../state/reading.ts";
import { count } from "../status/numbers.ts";
import { copyChosen, copyInstead } from "./copy.ts";
import { chooseNone, chosenRange } from "./selection.ts";
import "./chosen_bar.css";

/** What can be done with the rows that are chosen. */
export function ChosenBar() {
  useEffect(copyInstead, []);
  const range = lists.value.map(chosenRange).find((each) => each !== null);
  if (!range) return null;
  return (
    // biome-ignore lint/a11y/useSemanticElements: these are no fields of a form
    <div class="chosen-bar" role="group" aria-label="Chosen rows">
      <span>{count(range.to - range.from, "row")} chosen</span>
      {range.to - range.from === 1 && <span class="chosen-hint">Tap another row’s left edge: all between</span>}
      <button type="button" onClick={() => copyChosen("text")}>
        Copy text
      </button>
      <button type="button" onClick={() => copyChosen("jsonl")}>
        Copy JSON
      </button>
      <button type="button" onClick={chooseNone} aria-label="Choose none">
        ✕
      </button>
    </div>
  );
}
