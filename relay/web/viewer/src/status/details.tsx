import type { ComponentChildren } from "preact";
import type { Frame } from "../engine/protocol.ts";
import { engine } from "../state/page.ts";
import { connectionMeaning, lagOf } from "./connection.ts";
import { count, number, rate } from "./numbers.ts";
import { broken, declared } from "./proof.ts";
import { Retry } from "./retry.tsx";

/** The connection in all that is known of it. */
export default function Details() {
  const frame = engine.frame.value;
  return frame ? <Facts frame={frame} /> : <p class="badge-text">A gateway is being asked.</p>;
}

function Facts({ frame }: { frame: Frame }) {
  const { state, proof, lag } = frame;
  const faults = broken(proof);
  const losses = declared(proof);
  return (
    <>
      <p class="badge-text">{connectionMeaning(state)}</p>
      <Retry frame={frame} />
      <dl class="facts">
        <Fact name="Gateway">{state.gateway ?? "–"}</Fact>
        <Fact name="Address">{state.url}</Fact>
        <Fact name="Transport">{state.transport === "sse" ? "event stream (SSE)" : "WebSocket"}</Fact>
        <Fact name="Cursor">
          <code>{state.cursor ?? "–"}</code>
        </Fact>
        <Fact name="Lag">{lagOf(lag)}</Fact>
        <Fact name="Rate">{rate(frame.rate)}</Fact>
        <Fact name="Received">{count(proof.records, "record")}</Fact>
        <Fact name="Lost">{losses.length ? losses.join(", ") : "none"}</Fact>
        <Fact name="Gaps">{number(proof.gaps)}</Fact>
        <Fact name="Withdrawn">{number(proof.withdrawn)}</Fact>
        <Fact name="Reconnects">{number(proof.reconnects)}</Fact>
        <Fact name="Whole">
          {faults.length ? (
            <strong class="badge-fault">no: {faults.join(", ")}</strong>
          ) : (
            "yes: nothing missing, doubled or out of order"
          )}
        </Fact>
      </dl>
    </>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}
