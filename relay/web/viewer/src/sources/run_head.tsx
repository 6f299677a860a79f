import { useEffect, useState } from "preact/hooks";
import { visible } from "../list/text.ts";
import { engine } from "../state/page.ts";
import { view } from "../state/view.ts";
import { Icon } from "../status/icon.tsx";
import { useNow } from "../status/now.ts";
import { count } from "../status/numbers.ts";
import { ALL_RUNS } from "./chosen.ts";
import { choose } from "./follow.ts";
import { readRun } from "./run_catalog.ts";
import { RunErrors } from "./run_errors.ts";
import { heardOf, type RunFacts } from "./run_facts.ts";
import { RunState, startOf, tookOf } from "./run_list.tsx";
import "./runs.css";

/** How often a run that goes on is looked at, in ms. */
const REFRESH = 2_000;

/** What is known of the run whose records stand below. */
export function RunHead() {
  const { run: stream } = view.value;
  const { facts, failure } = useRun(stream);
  return (
    <section class="run-head" aria-label="Run">
      <button
        type="button"
        class="runs-back"
        aria-label="All runs"
        title="All runs"
        onClick={() => choose({ run: ALL_RUNS })}
      >
        <Icon name="back" />
      </button>
      <h2 class="cut" title={visible(stream)}>
        {facts?.name ?? visible(stream)}
      </h2>
      {facts && <Facts run={facts} />}
      {failure && (
        <p class="runs-note" role="alert">
          {failure}
        </p>
      )}
    </section>
  );
}

function Facts({ run: told }: { run: RunFacts }) {
  const now = useNow(told.state === "running");
  const run = heardOf(told, engine.services.value, now);
  return (
    <>
      <RunState run={run} />
      <dl class="run-facts">
        <div>
          <dt>Started</dt>
          <dd>{startOf(run, now)}</dd>
        </div>
        <div>
          <dt>Took</dt>
          <dd>{tookOf(run, now)}</dd>
        </div>
        {run.exit && (
          <div>
            <dt>Exit</dt>
            <dd>{run.exit}</dd>
          </div>
        )}
        <div>
          <dt>Has</dt>
          <dd>
            {count(run.records, "record")},{" "}
            <span class={run.errors ? "runs-error" : ""}>{count(run.errors, "error")}</span>
          </dd>
        </div>
        <div>
          <dt>Stream</dt>
          <dd class="mono">{run.stream}</dd>
        </div>
      </dl>
      {run.error && <p class="run-error">{run.error}</p>}
    </>
  );
}

/** How a run stands, again and again in a page that somebody sees; it is read again where something of it is new. */
function useRun(stream: string): { facts: RunFacts | null; failure: string } {
  const [facts, setFacts] = useState<RunFacts | null>(null);
  const [failure, setFailure] = useState("");
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const readNews = newsOf(stream);
    const look = async () => {
      try {
        const found = document.hidden ? undefined : await readNews();
        if (isOver) return;
        if (found !== undefined) setFacts(found);
        if (!document.hidden)
          setFailure(found === null ? "There is no such run, or nothing of it is kept any more." : "");
      } catch (error) {
        if (!isOver) setFailure(error instanceof Error ? error.message : String(error));
      }
      // One that has ended may begin again under the same name.
      if (!isOver) timer = setTimeout(look, REFRESH);
    };
    look();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [stream]);
  return { facts, failure };
}

/** Reads the run again; null without one, undefined where it is as it was when it was read before. */
function newsOf(stream: string): () => Promise<RunFacts | null | undefined> {
  let newest: string | null | undefined;
  const errors = new RunErrors(engine);
  return async () => {
    const horizon = (await engine.call("streams")).find((each) => each.stream === stream);
    if (!horizon) return null;
    if (horizon.newest === newest) return undefined;
    const facts = await readRun(engine, horizon, errors);
    newest = horizon.newest;
    return facts;
  };
}
