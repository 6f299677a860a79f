import { useEffect, useState } from "preact/hooks";
import { attempt } from "../export/notice.ts";
import { visible } from "../list/text.ts";
import { engine } from "../state/page.ts";
import { look, view, wholeQuery } from "../state/view.ts";
import { longText, shortText, spanText } from "./calendar.ts";
import { backToLive, leaveForQuery, nameParts } from "./record.ts";
import { zone } from "./zone.ts";
import "./place.css";

/** Says where one is when that is not what comes now, and leads back. */
export function Place() {
  useEffect(leaveForQuery, []);
  const { record, since, until } = view.value;
  if (record) return <AroundRecord record={record} />;
  return since || until ? <Zoomed since={since} until={until} /> : null;
}

function Zoomed({ since, until }: { since: string; until: string }) {
  return (
    <div class="place">
      <span class="place-chip">
        {visible(boundsText(since, until))}
        <button
          aria-label="Show all times again"
          title="Show all times again"
          type="button"
          onClick={() => look({ since: "", until: "" }, { step: true })}
        >
          ×
        </button>
      </span>
      {until && <span class="place-hint">Nothing new comes in here.</span>}
    </div>
  );
}

function AroundRecord({ record }: { record: string }) {
  const frame = engine.frame.value;
  const opened = frame?.opened;
  const refusal = frame?.refusal ?? frame?.state.error;
  const [stream, id] = nameParts(visible(record));
  const gone = refusal?.code === "gone";
  if (refusal && (gone || refusal.code === "not_found")) {
    return (
      <div class="place wrong" role="alert">
        <span>
          {gone ? `Record ${id} of ${stream} is not kept any more` : `Stream ${stream} never had a record ${id}`}
          {gone && <Horizon stream={stream} />}.
        </span>
        <BackToLive />
      </div>
    );
  }
  return (
    <div class="place" role="status">
      <span>
        Around record <b>{visible(record)}</b>
        {opened?.record === record && ` of ${shortText(opened.time, zone.value, Date.now())}`}
      </span>
      {wholeQuery.value && <span class="place-hint">The query waits: all that stands around it is shown.</span>}
      <BackToLive />
    </div>
  );
}

/** When the oldest record was taken that there is. */
function Horizon({ stream }: { stream: string }) {
  const [text, setText] = useState("");
  useEffect(() => {
    attempt(
      engine.call("streams").then((streams) => {
        const found = streams.find((each) => each.stream === stream);
        const oldest = found?.oldest_time;
        setText(
          oldest ? `; history begins at ${longText(Date.parse(oldest), zone.peek())}` : "; nothing is kept of it",
        );
      }),
    );
  }, [stream]);
  return <>{text}</>;
}

function BackToLive() {
  return (
    <button class="place-back" type="button" onClick={backToLive}>
      Back to live
    </button>
  );
}

/** Bounds as the address has them: times, or how long ago. */
function boundsText(since: string, until: string): string {
  const now = Date.now();
  const text = (bound: string) => {
    const time = Date.parse(bound);
    return Number.isNaN(time) ? `${bound.replace(/^-/, "")} ago` : shortText(time, zone.value, now);
  };
  const [from, to] = [Date.parse(since), Date.parse(until)];
  // The last millisecond of a chosen span is named by the one behind it, as on a clock.
  if (from <= to) return spanText(from, to % 1_000 === 999 ? to + 1 : to, zone.value, now);
  if (!until) return `since ${text(since)}`;
  return since ? `${text(since)} – ${text(until)}` : `until ${text(until)}`;
}
