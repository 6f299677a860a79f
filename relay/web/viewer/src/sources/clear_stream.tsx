import type { StreamHorizon } from "@tailrace/client";
import { useEffect, useState } from "preact/hooks";
import { isAmong } from "../engine/places.ts";
import { close } from "../state/dialog.ts";
import { engine } from "../state/page.ts";
import { question } from "../state/view.ts";
import { count, number } from "../status/numbers.ts";

/** Streams to choose from at a time. */
const MOST = 100;

/** Asks which of the streams that are followed shall be cleared, and whether really. */
export default function ClearStream() {
  const [streams, setStreams] = useState<StreamHorizon[] | null>(null);
  const [chosen, setChosen] = useState("");
  const [failure, setFailure] = useState("");
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    const asked = question.peek()?.streams ?? [];
    engine.call("streams").then(
      (all) => {
        const found = all.filter(({ stream }) => isAmong(stream, asked)).slice(0, MOST);
        setStreams(found);
        setChosen(found.length === 1 ? (found[0]?.stream ?? "") : "");
      },
      (error: Error) => setFailure(error.message),
    );
  }, []);

  const clear = (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setFailure("");
    engine.call("clear", chosen).then(close, (error: Error) => {
      setFailure(error.message);
      setBusy(false);
    });
  };
  const horizon = streams?.find(({ stream }) => stream === chosen);

  return (
    <form class="clearing" onSubmit={clear}>
      <h2>Clear a stream</h2>
      {streams && streams.length > 1 && <Choosing streams={streams} chosen={chosen} choose={setChosen} />}
      {horizon && (
        <p>
          Remove {horizon.records === 1 ? "the" : "all"} <strong>{count(horizon.records, "record")}</strong> of{" "}
          <strong class="mono">{horizon.stream}</strong>? They are removed from Redis, for everybody, and nobody can
          bring them back. What comes later is kept.
        </p>
      )}
      {!streams && !failure && <p>Looking at the streams …</p>}
      {streams?.length === 0 && <p>There is no stream here that could be cleared.</p>}
      {failure && (
        <p class="clearing-failure" role="alert">
          {failure}
        </p>
      )}
      <div class="clearing-foot">
        <button type="button" onClick={close}>
          Cancel
        </button>
        <button type="submit" class="danger" disabled={!horizon || busy}>
          {horizon ? `Remove ${count(horizon.records, "record")}` : "Remove"}
        </button>
      </div>
    </form>
  );
}

function Choosing(properties: { streams: StreamHorizon[]; chosen: string; choose: (stream: string) => void }) {
  const { streams, chosen, choose } = properties;
  return (
    <fieldset class="clearing-streams">
      <legend>Which one?</legend>
      {streams.map(({ stream, records }) => (
        <label key={stream}>
          <input type="radio" name="stream" checked={stream === chosen} onChange={() => choose(stream)} />
          <span class="mono cut">{stream}</span> <span class="clearing-count">{number(records)}</span>
        </label>
      ))}
    </fieldset>
  );
}
