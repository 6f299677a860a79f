import { Panels } from "../list/panels.tsx";
import { isOneRun } from "../state/address.ts";
import { view } from "../state/view.ts";
import { useLater } from "../time/part.ts";

/** The list of runs, or one run's page, in place of the lists. Few pages are of runs: their parts are loaded when one is. */
export function RunPages() {
  return isOneRun(view.value.run) ? <RunPage /> : <Runs />;
}

function RunPage() {
  const Head = useLater(async () => ({ default: (await import("./run_head.tsx")).RunHead }));
  return (
    <>
      {Head && <Head key={view.value.run} />}
      <Panels />
    </>
  );
}

function Runs() {
  const List = useLater(async () => ({ default: (await import("./run_list.tsx")).RunList }));
  return List && <List />;
}
