import { type Signal, signal } from "@preact/signals";
import { declare } from "./state/actions.ts";
import { type Clock, clock, type Theme, theme, wrap } from "./state/preferences.ts";
import { look, view } from "./state/view.ts";
import { Icon } from "./status/icon.tsx";
import { Popover } from "./status/popover.tsx";
import "./page_menu.css";

export const THEMES: Record<Theme, string> = { auto: "Auto", light: "Light", dark: "Dark" };
export const CLOCKS: Record<Clock, string> = { local: "Local", utc: "UTC", relative: "Ago" };
export const PANELS = { one: "One list", dual: "System | Audit" };

/** Whether the menu is open. */
export const shown = signal(false);

declare({
  name: "theme",
  label: "Light, dark or as the system",
  group: "Page",
  keys: ["Alt+t"],
  run: () => turn(theme, THEMES),
});
declare({
  name: "clock",
  label: "Times: local, UTC or ago",
  group: "Page",
  keys: ["Alt+c"],
  run: () => turn(clock, CLOCKS),
});
declare({
  name: "wrap",
  label: "Wrap long lines",
  group: "Page",
  keys: ["Alt+w"],
  run: () => {
    wrap.value = !wrap.peek();
  },
});
declare({
  name: "panels",
  label: "One list, or system and audit",
  group: "Page",
  keys: ["Alt+p"],
  run: () => look({ panels: view.peek().panels === "one" ? "dual" : "one" }, { step: true }),
});
declare({
  name: "page-menu",
  label: "How lines look",
  group: "Page",
  keys: [","],
  run: () => {
    shown.value = true;
  },
});

/** Theme, clock, wrapping and what a line shows. */
export function PageMenu() {
  return (
    <Popover
      class="page-menu"
      shown={shown}
      title="Page"
      label="How the page looks"
      align="end"
      button={<Icon name="settings" />}
      load={() => import("./page_choices.tsx")}
    />
  );
}

/** On to the next of its values, and from the last to the first. */
function turn<T extends string>(preference: Signal<T>, values: Record<T, string>): void {
  const all = Object.keys(values) as T[];
  preference.value = all[(all.indexOf(preference.peek()) + 1) % all.length] ?? preference.peek();
}
