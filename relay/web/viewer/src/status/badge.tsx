import { signal } from "@preact/signals";
import { declare } from "../state/actions.ts";
import { engine } from "../state/page.ts";
import { connectionWord, toneOf } from "./connection.ts";
import { Popover } from "./popover.tsx";
import { broken, proofLine } from "./proof.ts";
import "./badge.css";

const shown = signal(false);

declare({
  name: "connection",
  label: "Show the connection",
  group: "Page",
  keys: [],
  run: () => {
    shown.value = true;
  },
});

/** Connected or not, and how whole what arrived is. */
export function ConnectionBadge() {
  const frame = engine.frame.value;
  const tone = toneOf(frame);
  const faults = frame ? broken(frame.proof) : [];
  return (
    <Popover
      class={`badge badge-${tone}`}
      shown={shown}
      title="Connection"
      align="end"
      load={() => import("./details.tsx")}
      button={
        <>
          <span class="badge-dot" aria-hidden="true" />
          <span class="badge-word">{connectionWord(frame)}</span>
          {frame && <span class="badge-proof">{proofLine(frame.proof)}</span>}
          {faults.length > 0 && <strong class="badge-fault">{faults.join(" · ")}</strong>}
        </>
      }
    />
  );
}
