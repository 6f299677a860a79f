import { attempt } from "../export/notice.ts";
import { declare } from "../state/actions.ts";
import { open } from "../state/dialog.ts";
import { histogramShown } from "../state/preferences.ts";
import { view } from "../state/view.ts";

/** Declares what can be done with time. */
export function declareTimeActions(): void {
  declare({
    name: "jump",
    label: "Jump to a time or a record",
    group: "Time",
    keys: ["t"],
    run: () => open(() => import("./jump_dialog.tsx")),
  });
  declare({
    name: "histogram",
    label: "Show or hide the histogram",
    group: "Time",
    keys: ["i"],
    run: () => {
      histogramShown.value = !histogramShown.peek();
    },
  });
  declareMove("minute-back", "A minute back", "[", -1);
  declareMove("minute-forward", "A minute forward", "]", 1);
  declare({
    name: "back-to-live",
    label: "Back to what comes now",
    group: "Time",
    keys: [],
    when: () => isPast(),
    run: () => attempt(import("./record.ts").then(({ backToLive }) => backToLive())),
  });
}

function declareMove(name: string, label: string, key: string, minutes: number): void {
  declare({
    name,
    label,
    group: "Time",
    keys: [key],
    run: () => attempt(import("./moving.ts").then(({ moveMinutes }) => moveMinutes(minutes))),
  });
}

function isPast(): boolean {
  const { since, until, record } = view.peek();
  return Boolean(since || until || record);
}
