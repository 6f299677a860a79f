import { useEffect, useState } from "preact/hooks";
import { rewriteView } from "../state/address.ts";
import { engine } from "../state/page.ts";
import { clock } from "../state/preferences.ts";
import { view } from "../state/view.ts";
import { Icon } from "../status/icon.tsx";
import { useNow } from "../status/now.ts";
import { count, number } from "../status/numbers.ts";
import { ago, duration, timeOf } from "../status/words.ts";
import { choose } from "./follow.ts";
import { RunCatalog } from "./run_catalog.ts";
import { heardOf, type RunFacts, STATES } from "./run_facts.ts";
import "./runs.css";

/** How often it is looked for what has changed, in ms, in a page that somebody sees. */
const REFRESH = 3_000;

const catalog = new RunCatalog(engine);

/** Runs, the newest first, and how each of them stands. */
export function RunList() {
  const [text, setText] = useState("");
  useEffect(keepLooking, []);
  const runs = catalog.runs.value;
  const wanted = text.trim().toLowerCase();
  const shown = runs?.filter(({ name, stream, state }) =>
    `${name} ${stream} ${STATES[state]}`.toLowerCase().includes(wanted),
  );
  return (
    <section class="runs" aria-label="Runs">
      <div class="runs-head">
        <BackToLists />
        <h2>Runs</h2>
        <input
          type="search"
          class="runs-find"
          placeholder="Name or state"
          aria-label="Find runs"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        {runs && <span class="runs-count">{`${number(runs.length)} of ${count(catalog.total.value, "run")}`}</span>}
      </div>
      {catalog.failure.value && (
        <p class="runs-note" role="alert">
          {catalog.failure.value}
        </p>
      )}
      {!runs && !catalog.failure.value && <p class="runs-note">Looking at the runs …</p>}
      {runs?.length === 0 && (
        <p class="runs-note">
          No runs yet. <code>tailrace run --as-run -- COMMAND</code> makes one of any program.
        </p>
      )}
      {shown && shown.length > 0 && <Table runs={shown} />}
      {runs && runs.length < catalog.total.value && (
        <button type="button" class="runs-more" onClick={() => catalog.more()}>
          More
        </button>
      )}
    </section>
  );
}

function Table({ runs }: { runs: RunFacts[] }) {
  const now = useNow();
  const services = engine.services.value;
  return (
    <div class="runs-scroller">
      <table class="runs-table">
        <thead>
          <tr>
            <th scope="col">Run</th>
            <th scope="col">State</th>
            <th scope="col">Started</th>
            <th scope="col" class="runs-number">
              Took
            </th>
            <th scope="col">Exit</th>
            <th scope="col" class="runs-number">
              Records
            </th>
            <th scope="col" class="runs-number">
              Errors
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <Line key={run.stream} run={heardOf(run, services, now)} now={now} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Line({ run, now }: { run: RunFacts; now: number }) {
  const target = { ...view.value, run: run.stream, record: "" };
  const openPage = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    choose({ run: run.stream, record: "" });
  };
  return (
    <tr>
      <td class="runs-name">
        <a href={rewriteView(target, location.search)} onClick={openPage}>
          {run.name}
        </a>
        <span class="runs-stream">{run.stream}</span>
      </td>
      <td>
        <RunState run={run} />
      </td>
      <td data-name="started">{startOf(run, now)}</td>
      <td class="runs-number" data-name="took">
        {tookOf(run, now)}
      </td>
      <td class={run.state === "failed" ? "runs-error" : ""} title={run.error} data-name="exit">
        {run.exit}
      </td>
      <td class="runs-number" data-name="records">
        {number(run.records)}
      </td>
      <td class={run.errors ? "runs-number runs-error" : "runs-number"} data-name="errors">
        {number(run.errors)}
      </td>
    </tr>
  );
}

/** In a word, and in its colour. */
export function RunState({ run }: { run: RunFacts }) {
  return <span class={`run-state run-${run.state}`}>{STATES[run.state]}</span>;
}

/** When it began, as times are shown in this page. */
export function startOf(run: RunFacts, now: number): string {
  if (run.start === null) return "–";
  return clock.value === "relative" ? ago(now - run.start) : timeOf(run.start, clock.value, now);
}

/** How long it took, or has been taking. */
export function tookOf(run: RunFacts, now: number): string {
  if (run.took !== null) return duration(run.took);
  return run.state === "running" && run.start !== null ? duration(Math.max(0, now - run.start)) : "–";
}

/** Leaves the runs for what was read before. */
export function BackToLists() {
  return (
    <button
      type="button"
      class="runs-back"
      aria-label="Back to the lists"
      title="Back to the lists"
      onClick={() => choose({ run: "" })}
    >
      <Icon name="back" />
    </button>
  );
}

function keepLooking(): () => void {
  catalog.look();
  const timer = setInterval(() => {
    if (!document.hidden) catalog.look();
  }, REFRESH);
  return () => clearInterval(timer);
}
