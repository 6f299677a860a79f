import { declare, run } from "../state/actions.ts";
import { open } from "../state/dialog.ts";
import { engine } from "../state/page.ts";
import { following, goLive, lists, paused, setFollowing, setPaused } from "../state/reading.ts";
import { mayClear, rights } from "../state/rights.ts";
import { question } from "../state/view.ts";
import { Icon, type IconName } from "../status/icon.tsx";

declare({
  name: "refresh",
  label: "Refresh: ask anew",
  group: "Page",
  keys: ["r"],
  run: refresh,
  when: () => question.value !== null,
});
declare({
  name: "clear-view",
  label: "Clear the view",
  group: "Page",
  keys: ["Mod+Shift+L"],
  run: clearView,
});
declare({
  name: "clear-stream",
  label: "Clear a stream in Redis …",
  group: "Page",
  keys: [],
  run: () => open(() => import("./clear_stream.tsx")),
  when: () => mayClear(rights.value) && question.value !== null,
});
declare({ name: "auto-scroll", label: "Follow the end, or don't", group: "Reading", keys: [], run: toggleFollowing });

/** What one does to the lists as a whole. */
export function Toolbar() {
  const follows = followsAll();
  const clears = mayClear(rights.value);
  return (
    <div class="tools" role="toolbar" aria-label="Lists">
      <Tool
        icon={paused.value ? "play" : "pause"}
        label={paused.value ? "Resume" : "Pause: the lists stand still, and nothing is lost"}
        pressed={paused.value}
        onClick={() => setPaused(!paused.peek())}
      />
      <Tool icon="end" label="Auto-scroll: stay at the end" pressed={follows} onClick={toggleFollowing} />
      <Tool icon="refresh" label="Refresh: ask anew" wide onClick={() => run("refresh")} />
      <Tool icon="empty" label="Clear the view: nothing is removed from Redis" wide onClick={() => run("clear-view")} />
      <Tool
        icon="bin"
        label={clears ? "Clear a stream in Redis …" : "Clear a stream: this token does not allow it"}
        wide
        disabled={!clears}
        onClick={() => run("clear-stream")}
      />
    </div>
  );
}

interface ToolProperties {
  icon: IconName;
  /** The name, and behind a colon what it means. */
  label: string;
  pressed?: boolean;
  disabled?: boolean;
  /** Only where there is room; the menu of the page has it, too. */
  wide?: boolean;
  onClick: () => void;
}

function Tool({ icon, label, pressed, disabled, wide, onClick }: ToolProperties) {
  return (
    <button
      type="button"
      class={wide ? "tool tool-wide" : "tool"}
      aria-label={label.split(":")[0] ?? label}
      aria-pressed={pressed}
      title={label}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}

/** The same question once more: what is held is given up, and all comes anew from the gateway. */
function refresh(): void {
  const asked = question.peek();
  if (asked) engine.follow(asked);
}

function followsAll(): boolean {
  return !paused.value && lists.value.every((list) => following.value[list]);
}

/** Empties the lists, and follows them again: who reads an empty list would be given its history at once. */
function clearView(): void {
  engine.clear();
  for (const list of lists.value) setFollowing(list, true);
}

function toggleFollowing(): void {
  if (followsAll()) for (const list of lists.peek()) setFollowing(list, false);
  else goLive();
}
