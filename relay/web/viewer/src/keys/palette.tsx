import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { dismiss } from "../dialogs.tsx";
import { visible } from "../list/text.ts";
import { allFinds, type Found, search } from "./finds.ts";
import { Keys } from "./keys.tsx";
import "./keys.css";

/** Finds what can be done, services, streams and saved views by some letters. */
export default function Palette() {
  const finds = useMemo(allFinds, []);
  const [wanted, setWanted] = useState("");
  const [active, setActive] = useState(0);
  const found = useMemo(() => search(wanted, finds), [wanted, finds]);
  const choose = (find: Found | undefined) => {
    if (!find) return;
    dismiss();
    find.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const next = moved(event.key, active, found.length);
    if (next === null && event.key !== "Enter") return;
    event.preventDefault();
    if (next !== null) setActive(next);
    else if (!event.isComposing) choose(found[active]);
  };
  return (
    <div class="palette">
      <h2 class="unseen">Find an action, a service, a stream or a view</h2>
      <input
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-autocomplete="list"
        aria-label="Find an action, a service, a stream or a view"
        aria-activedescendant={found.length ? `palette-${active}` : undefined}
        placeholder="Action, service, stream or view"
        autocomplete="off"
        spellcheck={false}
        value={wanted}
        onInput={(event) => {
          setWanted(event.currentTarget.value);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
      />
      <List found={found} active={active} choose={choose} />
      <p class="unseen" role="status">
        {found.length ? `${found.length} found` : "Nothing is found"}
      </p>
    </div>
  );
}

function List({ found, active, choose }: { found: Found[]; active: number; choose: (find: Found) => void }) {
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    list.current?.children[active]?.scrollIntoView({ block: "nearest" });
  }, [active]);
  return (
    <div ref={list} id="palette-list" role="listbox" aria-label="Found" class="finds">
      {found.map((find, place) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the box has the focus and hears the keys
        // biome-ignore lint/a11y/useFocusableInteractive: the box has the focus, and says which option is active
        <div
          key={`${find.kind} ${find.name}`}
          id={`palette-${place}`}
          role="option"
          class="find"
          aria-selected={place === active}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => choose(find)}
        >
          <span class="find-kind">{find.kind}</span>{" "}
          <span class="find-name">
            <Marked text={find.name} places={find.fit.places} />
          </span>{" "}
          <span class="find-detail">{visible(find.detail)}</span>
          <Keys names={find.keys} />
        </div>
      ))}
      {found.length === 0 && <p class="none">Nothing has these letters in this order.</p>}
    </div>
  );
}

function Marked({ text, places }: { text: string; places: number[] }) {
  const marked = new Set(places);
  const runs: { start: number; end: number; fits: boolean }[] = [];
  for (let place = 0; place < text.length; place++) {
    const last = runs.at(-1);
    if (last?.fits === marked.has(place)) last.end++;
    else runs.push({ start: place, end: place + 1, fits: marked.has(place) });
  }
  return runs.map(({ start, end, fits }) => {
    const run = visible(text.slice(start, end));
    return fits ? <b key={start}>{run}</b> : run;
  });
}

/** The place that a key leads to, around at the ends; null for other keys. */
function moved(key: string, from: number, count: number): number | null {
  if (!count) return null;
  if (key === "ArrowDown") return (from + 1) % count;
  if (key === "ArrowUp") return (from + count - 1) % count;
  if (key === "PageDown") return Math.min(from + 10, count - 1);
  if (key === "PageUp") return Math.max(from - 10, 0);
  return null;
}
