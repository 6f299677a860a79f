import type { Step } from "../engine/protocol.ts";
import { toggleBookmark } from "../export/bookmarks.ts";
import { attempt } from "../export/notice.ts";
import { type Action, declare } from "../state/actions.ts";
import {
  expanded,
  following,
  goLive,
  paused,
  selected,
  setFollowing,
  setPaused,
  toggleExpanded,
} from "../state/reading.ts";
import { view } from "../state/view.ts";
import { copyChosen } from "./copy.ts";
import { hasSelection } from "./gestures.ts";
import { activeList, currentRecord, extendBy, focusList, moveBy, movePage, moveToFirst, stepTo } from "./moving.ts";
import { chooseNone } from "./selection.ts";

const MOVING: [name: string, label: string, keys: string[], run: () => void][] = [
  ["next-row", "Next row", ["j", "ArrowDown"], () => moveBy(1)],
  ["previous-row", "Previous row", ["k", "ArrowUp"], () => moveBy(-1)],
  ["extend-down", "Choose the next row, too", ["J", "Shift+ArrowDown"], () => extendBy(1)],
  ["extend-up", "Choose the row before, too", ["K", "Shift+ArrowUp"], () => extendBy(-1)],
  ["page-down", "A page down", ["PageDown"], () => movePage(1)],
  ["page-up", "A page up", ["PageUp"], () => movePage(-1)],
  ["first-row", "First row of what is loaded", ["g", "Home"], moveToFirst],
  ["live", "To the end, and follow", ["G", "End"], toLive],
];

const STEPS: [step: Step, what: string, key: string][] = [
  ["error", "error", "e"],
  ["warning", "warning", "w"],
  ["hit", "hit", "n"],
];

/** Declares what can be done in a list. */
export function declareActions(): void {
  for (const [name, label, keys, run] of MOVING) declare({ name, label, group: "Moving", keys, run });
  for (const [step, what, key] of STEPS) declareStep(step, what, key);
  declareTraceSteps();
  declareReading();
  declareRecord();
}

function declareStep(step: Step, what: string, key: string): void {
  const both = { group: "Moving" } as const;
  declare({
    ...both,
    name: `next-${what}`,
    label: `Next ${what}`,
    keys: [key],
    run: () => attempt(stepTo(step, true)),
  });
  declare({
    ...both,
    name: `previous-${what}`,
    label: `Previous ${what}`,
    keys: [key.toUpperCase()],
    run: () => attempt(stepTo(step, false)),
  });
}

function declareTraceSteps(): void {
  const both = { group: "Moving", when: () => Boolean(currentRecord()?.trace) } as const;
  const run = (forward: boolean) => attempt(stepTo("trace", forward, currentRecord()?.trace ?? ""));
  declare({
    ...both,
    name: "next-of-trace",
    label: "Next record of the same trace",
    keys: ["o"],
    run: () => run(true),
  });
  declare({
    ...both,
    name: "previous-of-trace",
    label: "Previous record of the same trace",
    keys: ["O"],
    run: () => run(false),
  });
}

function declareReading(): void {
  const group = "Reading";
  declare({ name: "pause", label: "Pause or follow", group, keys: [" "], run: pauseOrFollow });
  declare({ name: "expand", label: "Open or close the record", group, keys: ["Enter"], run: expand, when: hasRecord });
  declare({
    name: "back",
    label: "Back: choose nothing, close, leave the context",
    group,
    keys: ["Escape"],
    run: back,
    when: hasBack,
  });
}

function declareRecord(): void {
  const both = { group: "Keeping", when: hasRecord } as const;
  declare({
    ...both,
    group: "Time",
    name: "context",
    label: "See the record in its context",
    keys: ["c"],
    run: context,
  });
  declare({ ...both, name: "mark", label: "Mark the record", keys: ["m"], run: mark });
  declare({
    ...both,
    name: "copy-chosen",
    label: "Copy the chosen rows",
    keys: ["Mod+c"],
    run: () => copyChosen("text"),
    when: () => selected.peek() !== null && !hasSelection(),
  } satisfies Action);
}

function toLive(): void {
  goLive();
  focusList();
}

function pauseOrFollow(): void {
  const list = activeList()?.list ?? "all";
  if (paused.peek() || !following.peek()[list]) goLive();
  else setPaused(true);
}

function hasRecord(): boolean {
  return currentRecord() !== undefined;
}

function expand(): void {
  const row = currentRecord();
  const { list, scroller } = activeList() ?? {};
  if (!row || !list) return;
  setFollowing(list, false);
  toggleExpanded(row.key);
  scroller?.opens(row.key);
}

function isOpen(): boolean {
  return expanded.peek().has(currentRecord()?.key ?? -1);
}

function hasBack(): boolean {
  return selected.peek() !== null || isOpen() || view.peek().record !== "";
}

/** One thing at a time: what was done last is most likely meant. */
function back(): void {
  if (selected.peek()) chooseNone();
  else if (isOpen()) expand();
  else attempt(import("../time/record.ts").then(({ backToLive }) => backToLive()));
  focusList();
}

function context(): void {
  const row = currentRecord();
  if (row) attempt(import("../time/record.ts").then(({ seeAround }) => seeAround(`${row.stream}/${row.id}`)));
}

function mark(): void {
  const row = currentRecord();
  if (row) toggleBookmark(row.stream, row.id);
}
