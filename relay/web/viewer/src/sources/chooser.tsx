import { useEffect, useId, useRef, useState } from "preact/hooks";
import { visible } from "../list/text.ts";
import { rewriteView, type View } from "../state/address.ts";
import { engine } from "../state/page.ts";
import { view } from "../state/view.ts";
import { Icon } from "../status/icon.tsx";
import { useNow } from "../status/now.ts";
import { number } from "../status/numbers.ts";
import { ALL_RUNS, only, toggled } from "./chosen.ts";
import { choose, choosing, listStreams, streams, streamsFailure } from "./follow.ts";
import { RUN } from "./followed.ts";
import { HealthDot } from "./health.tsx";
import { type Choice, found, MOST_CHOICES, serviceChoices, streamChoices, typedChoice } from "./listing.ts";

function close(): void {
  choosing.value = false;
}

/** What the chooser lists, in the order of the arrow keys. */
function useChoices(text: string): { services: Choice[]; streams: Choice[]; left: number } {
  const now = useNow(true, 10_000);
  const known = engine.services.value;
  const services = serviceChoices(known, view.value.services);
  const others = streamChoices(streams.value ?? [], known, view.value.streams, now);
  const typed = typedChoice(text, others);
  const all = [...found(others, text), ...(typed ? [typed] : [])];
  const shown = found(services, text);
  const left = Math.max(0, shown.length + all.length - MOST_CHOICES);
  return {
    services: shown.slice(0, MOST_CHOICES),
    streams: all.slice(0, Math.max(0, MOST_CHOICES - shown.length)),
    left,
  };
}

/** The list to choose from: one alone by a click or Enter, with others by its tick or Space. */
export default function Chooser() {
  const [text, setText] = useState("");
  const [place, setPlace] = useState(0);
  const id = useId();
  const box = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const { services, streams: others, left } = useChoices(text);
  const choices = [...services, ...others];
  const current = Math.min(place, choices.length - 1);
  useEffect(listStreams, []);
  useEffect(() => {
    document.getElementById(`${id}-${current}`)?.scrollIntoView({ block: "nearest" });
  }, [id, current]);

  const takeAlone = (choice: Choice | undefined) => {
    if (!choice) return;
    choose(only(choice.kind, choice.name));
    close();
  };
  const toggle = (choice: Choice | undefined) => {
    if (choice) choose(toggled(view.value, choice.kind, choice.name));
  };
  const click = (event: MouseEvent, index: number) => {
    setPlace(index);
    const withOthers = event.ctrlKey || event.metaKey || (event.target as Element).closest(".choice-tick");
    if (withOthers) toggle(choices[index]);
    else takeAlone(choices[index]);
  };
  const type = (event: KeyboardEvent) => {
    if (event.key === "Enter") takeAlone(choices[current]);
    else if (event.key === "ArrowDown" && choices.length) list.current?.focus();
    else return;
    event.preventDefault();
  };
  const move = (event: KeyboardEvent) => {
    const to = placeAfter(event.key, current, choices.length);
    if (event.key === "ArrowUp" && current <= 0) box.current?.focus();
    else if (to !== null) setPlace(to);
    else if (event.key === "Enter") takeAlone(choices[current]);
    else if (event.key === " ") toggle(choices[current]);
    else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) return box.current?.focus();
    else return;
    event.preventDefault();
  };
  const group = (label: string, shown: Choice[], from: number) =>
    shown.length > 0 && (
      // biome-ignore lint/a11y/useSemanticElements: a fieldset may not stand in a listbox
      <div role="group" aria-label={label}>
        <div class="choices-head" aria-hidden="true">
          {label}
        </div>
        {shown.map((choice, index) => (
          <Option
            key={`${choice.kind} ${choice.name}`}
            id={`${id}-${from + index}`}
            choice={choice}
            isCurrent={from + index === current}
            onClick={(event) => click(event, from + index)}
          />
        ))}
      </div>
    );

  return (
    <>
      <input
        ref={box}
        class="choices-box"
        type="search"
        placeholder="Name, or glob such as run:*"
        aria-label="Find services and streams"
        aria-controls={id}
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setPlace(0);
        }}
        onKeyDown={type}
      />
      <div
        ref={list}
        id={id}
        class="choices"
        role="listbox"
        aria-label="Services and streams"
        aria-multiselectable="true"
        aria-activedescendant={choices.length ? `${id}-${current}` : undefined}
        tabIndex={0}
        onKeyDown={move}
      >
        {group("Services", services, 0)}
        {group("Streams", others, services.length)}
      </div>
      <Foot nothing={choices.length === 0} left={left} />
    </>
  );
}

function Option(properties: { id: string; choice: Choice; isCurrent: boolean; onClick: (event: MouseEvent) => void }) {
  const { id, choice, isCurrent, onClick } = properties;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the listbox has the focus and hears the keys
    // biome-ignore lint/a11y/useFocusableInteractive: likewise
    <div
      id={id}
      role="option"
      aria-selected={choice.chosen}
      class={isCurrent ? "choice choice-now" : "choice"}
      onClick={onClick}
    >
      <span class="choice-tick" title={choice.chosen ? "Leave it out" : "With the others"}>
        {choice.chosen && <Icon name="tick" />}
      </span>
      <HealthDot health={choice.health} />
      <span class="choice-name">{visible(choice.name)}</span>
      {choice.facts.length + choice.problems.length > 0 && <Facts choice={choice} />}
    </div>
  );
}

function Facts({ choice: { health, facts, problems } }: { choice: Choice }) {
  return (
    <span class="choice-facts">
      {facts.map((fact, index) => (
        <span key={fact} class={index === 0 && health ? `health-${health}` : undefined}>
          {fact}
        </span>
      ))}
      {problems.map((problem) => (
        <span key={problem} class="choice-problem">
          {problem}
        </span>
      ))}
    </span>
  );
}

function Foot({ nothing, left }: { nothing: boolean; left: number }) {
  const runs = (streams.value ?? []).filter(({ stream }) => stream.startsWith(RUN)).length;
  const target: View = { ...view.value, run: ALL_RUNS, record: "" };
  const openRuns = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    choose({ run: ALL_RUNS, record: "" });
    close();
  };
  return (
    <div class="choices-foot">
      {nothing && <p>Nothing of this name. A stream or glob is made of letters, digits and . _ : - * ?</p>}
      {left > 0 && <p>{number(left)} more: type some of the name.</p>}
      {engine.services.value === null && <p>The status of services is not known.</p>}
      {streamsFailure.value && <p class="choice-problem">{streamsFailure.value}</p>}
      <a href={rewriteView(target, location.search)} onClick={openRuns}>
        {streams.value ? `Runs (${number(runs)})` : "Runs"}
      </a>
      <span class="choices-hint">Tick, or Space: several</span>
    </div>
  );
}

/** Where an arrow key leads; null for other keys. */
function placeAfter(key: string, place: number, count: number): number | null {
  if (key === "ArrowDown") return Math.min(place + 1, count - 1);
  if (key === "ArrowUp") return Math.max(place - 1, 0);
  if (key === "Home") return 0;
  return key === "End" ? count - 1 : null;
}
