import { useState } from "preact/hooks";
import { visible } from "../list/text.ts";
import { known } from "../query/known.ts";
import { hidden } from "../state/preferences.ts";
import "./keys.css";

/** What every line has, by the names that `hidden` has for it. */
const PARTS: readonly [name: string, label: string][] = [
  ["time", "Time"],
  ["source", "Source"],
  ["stream", "Stream"],
  ["logger", "Logger"],
  ["fields", "All fields"],
];

/** Of a record itself, not of its fields. */
const OWN = new Set(
  "level logger source kind stream service host process thread module function action time message producer".split(" "),
);

/** Chooses what lines leave out. */
export default function Hide() {
  const [wanted, setWanted] = useState("");
  const fields = fieldNames().filter((name) => name.toLowerCase().includes(wanted.toLowerCase()));
  return (
    <div class="hide">
      <h2>What lines show</h2>
      <fieldset>
        <legend>Of every line</legend>
        {PARTS.map(([name, label]) => (
          <Shown key={name} name={name} label={label} />
        ))}
      </fieldset>
      <fieldset disabled={hidden.value.includes("fields")}>
        <legend>Fields</legend>
        <input
          type="text"
          aria-label="Find a field"
          placeholder="Find a field"
          autocomplete="off"
          value={wanted}
          onInput={(event) => setWanted(event.currentTarget.value)}
        />
        <div class="hide-fields">
          {fields.map((name) => (
            <Shown key={name} name={name} label={name} />
          ))}
          {!fields.length && <p class="none">No record has had such a field yet.</p>}
        </div>
      </fieldset>
      <button type="button" disabled={!hidden.value.length} onClick={showAll}>
        Show everything
      </button>
    </div>
  );
}

function Shown({ name, label }: { name: string; label: string }) {
  const onChange = (event: { currentTarget: HTMLInputElement }) => {
    const others = hidden.peek().filter((each) => each !== name);
    hidden.value = event.currentTarget.checked ? others : [...others, name];
  };
  return (
    <label>
      <input type="checkbox" checked={!hidden.value.includes(name)} onChange={onChange} /> {visible(label)}
    </label>
  );
}

function showAll(): void {
  hidden.value = [];
}

/** Those seen, and those hidden, which may not have been seen yet. */
function fieldNames(): string[] {
  const parts = new Set(PARTS.map(([name]) => name));
  const names = [...Object.keys(known.value).filter((name) => !OWN.has(name)), ...hidden.value];
  return [...new Set(names)].filter((name) => !parts.has(name)).sort();
}
