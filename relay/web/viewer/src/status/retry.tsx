import type { Frame } from "../engine/protocol.ts";
import { engine } from "../state/page.ts";
import { nextTry } from "./connection.ts";
import { useNow } from "./now.ts";

/** Tries at once; says when the next try would come by itself. */
export function Retry({ frame }: { frame: Frame | null }) {
  const connection = frame?.state.connection ?? "connecting";
  const now = useNow(connection === "disconnected");
  if (connection !== "connecting" && connection !== "disconnected") return null;
  const when = frame ? nextTry(frame.state, now) : "";
  const tries = connection === "connecting";
  return (
    <button type="button" class="retry" disabled={tries} onClick={() => engine.retry()}>
      {tries ? "Connecting …" : `Connect now${when && ` (${when})`}`}
    </button>
  );
}
