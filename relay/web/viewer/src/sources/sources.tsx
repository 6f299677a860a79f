import { visible } from "../list/text.ts";
import { declare } from "../state/actions.ts";
import { engine } from "../state/page.ts";
import { view } from "../state/view.ts";
import { Icon } from "../status/icon.tsx";
import { Popover } from "../status/popover.tsx";
import { ALL_RUNS, chosenTitle } from "./chosen.ts";
import { choose, choosing } from "./follow.ts";
import { HealthDot } from "./health.tsx";
import { serviceChoices, worstHealth } from "./listing.ts";
import "./sources.css";

declare({
  name: "sources",
  label: "Choose services and streams",
  group: "Choosing",
  keys: ["s"],
  run: () => {
    choosing.value = true;
  },
});

declare({ name: "runs", label: "List runs", group: "Choosing", keys: [], run: () => choose({ run: ALL_RUNS }) });

/** Which services and streams, with their live status. */
export function SourceChooser() {
  const { first, others } = chosenTitle(view.value);
  const health = view.value.run ? null : worstHealth(serviceChoices(engine.services.value, view.value.services));
  return (
    <Popover
      class="sources"
      shown={choosing}
      title="Services and streams"
      load={() => import("./chooser.tsx")}
      button={
        <>
          <HealthDot health={health} />
          <span class="cut">{visible(first)}</span>
          {others > 0 && <span class="sources-others"> + {others}</span>}
          {health && health !== "running" && <span class={`health health-${health}`}>{health}</span>}
          <Icon name="down" />
        </>
      }
    />
  );
}
