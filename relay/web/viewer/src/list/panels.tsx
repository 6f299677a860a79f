import { useEffect } from "preact/hooks";
import { around } from "../around.ts";
import { share } from "../state/preferences.ts";
import { active, lists } from "../state/reading.ts";
import "./list.css";
import { LogList } from "./log_list.tsx";

/** The lists, one or two side by side; in a narrow page one above the other. */
export function Panels() {
  const shown = lists.value;
  useEffect(() => {
    if (!shown.includes(active.peek())) active.value = shown[0] ?? "all";
  }, [shown]);
  const parts = around.value;
  const isDual = shown.length > 1;
  return (
    <div class="panels" data-dual={isDual} style={{ "--share": String(share.value) }}>
      {isDual ? (
        <>
          <Panel list="system" title="System" />
          {parts && <parts.Separator />}
          <Panel list="audit" title="Audit" />
        </>
      ) : (
        <LogList key="all" list="all" label="Log" />
      )}
      {parts && <parts.ChosenBar />}
    </div>
  );
}

function Panel({ list, title }: { list: "system" | "audit"; title: string }) {
  return (
    <div class="panel" data-active={active.value === list}>
      <h2 class="panel-title">{title}</h2>
      <LogList list={list} label={`${title} log`} />
    </div>
  );
}
