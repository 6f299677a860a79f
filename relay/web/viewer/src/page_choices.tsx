import type { ComponentChildren } from "preact";
import { visible } from "./list/text.ts";
import { CLOCKS, PANELS, shown, THEMES } from "./page_menu.tsx";
import { allActions, run } from "./state/actions.ts";
import { TAILS } from "./state/address.ts";
import { ansi, clock, hidden, theme, wrap } from "./state/preferences.ts";
import { look, view } from "./state/view.ts";

/** What a line can leave out, as `hidden` names it. */
const PARTS: Record<string, string> = {
  time: "Time",
  stream: "Stream",
  source: "Source",
  logger: "Logger",
  fields: "Fields",
};

/** Also in the toolbar, where that has room. */
const ACTIONS = ["refresh", "clear-view", "clear-stream"];

/** What the page's menu offers. */
export default function PageChoices() {
  return (
    <>
      <Choice name="Theme" values={THEMES} value={theme.value} choose={(value) => (theme.value = value)} />
      <Choice name="Times" values={CLOCKS} value={clock.value} choose={(value) => (clock.value = value)} />
      <Choice
        name="Lists"
        values={PANELS}
        value={view.value.panels}
        choose={(panels) => look({ panels }, { step: true })}
      />
      <Choice
        name="Begin with the last"
        values={Object.fromEntries(TAILS.map((tail) => [tail, String(tail)]))}
        value={String(view.value.tail)}
        choose={(tail) => look({ tail: Number(tail) }, { step: true })}
      />
      <fieldset>
        <legend>Lines</legend>
        <Tick checked={wrap.value} change={(value) => (wrap.value = value)}>
          Wrap
        </Tick>
        <Tick checked={ansi.value} change={(value) => (ansi.value = value)}>
          ANSI colours
        </Tick>
      </fieldset>
      <Parts />
      <Actions />
    </>
  );
}

/** What of a line is shown; fields that were hidden one by one stand behind the others. */
function Parts() {
  const others = hidden.value.filter((name) => !(name in PARTS));
  return (
    <fieldset>
      <legend>A line shows</legend>
      {[...Object.keys(PARTS), ...others].map((name) => (
        <Tick key={name} checked={!hidden.value.includes(name)} change={(value) => show(name, value)}>
          {PARTS[name] ?? <code>{visible(name)}</code>}
        </Tick>
      ))}
    </fieldset>
  );
}

function Actions() {
  const actions = allActions().filter((action) => ACTIONS.includes(action.name));
  return (
    <div class="page-actions">
      {actions.map(({ name, label, when }) => (
        <button
          key={name}
          type="button"
          disabled={when?.() === false}
          onClick={() => {
            shown.value = false;
            run(name);
          }}
        >
          {label}
        </button>
      ))}
    </div>
  );
}

interface ChoiceProperties<T extends string> {
  name: string;
  values: Record<T, string>;
  value: T;
  choose: (value: T) => void;
}

function Choice<T extends string>({ name, values, value, choose }: ChoiceProperties<T>) {
  return (
    <fieldset>
      <legend>{name}</legend>
      <div class="segments">
        {(Object.keys(values) as T[]).map((each) => (
          <label key={each} class={each === value ? "segment segment-on" : "segment"}>
            <input type="radio" name={name} checked={each === value} onChange={() => choose(each)} />
            {values[each]}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function Tick(properties: { checked: boolean; change: (value: boolean) => void; children: ComponentChildren }) {
  const { checked, change, children } = properties;
  return (
    <label class="tick">
      <input type="checkbox" checked={checked} onChange={(event) => change(event.currentTarget.checked)} /> {children}
    </label>
  );
}

function show(name: string, shown: boolean): void {
  const others = hidden.peek().filter((each) => each !== name);
  hidden.value = shown ? others : [...others, name];
}
