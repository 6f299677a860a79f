import { allActions } from "../state/actions.ts";
import { QueryBox } from "./box.tsx";
import { Chips } from "./chips.tsx";
import { Find } from "./find.tsx";
import { QuickLevels, QuickSources } from "./quick.tsx";
import "./actions.ts";
import "./query.css";

/** The query, quick levels and sources, and what is looked for. */
export function Controls() {
  return (
    <>
      <div class="query-line">
        <QueryBox />
        <Press name="find" text="Find" />
        <Press name="views" text="Views" />
      </div>
      <div class="query-line">
        <QuickLevels />
        <QuickSources />
        <Chips />
      </div>
      <Find />
    </>
  );
}

/** A button of an action, so that what keys do can be done without them. */
function Press({ name, text }: { name: string; text: string }) {
  const action = allActions().find((each) => each.name === name);
  return (
    <button type="button" title={action?.label} onClick={() => action?.run()}>
      {text}
    </button>
  );
}
