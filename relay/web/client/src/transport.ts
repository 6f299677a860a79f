/** How a connection is kept. */
export type Transport = "websocket" | "sse";

// Connections that did not get through, one after the other, until SSE is tried: fewer where none ever did, since then
// it is more likely a proxy than a gateway that is away.
const FAILURES = 2;
const FAILURES_AFTER_SUCCESS = 4;

/** Which transport is tried next. WebSocket, until it seems that none gets through; then SSE. No I/O. */
export class Choice {
  transport: Transport;
  /** Whether it may change. */
  readonly free: boolean;
  #worked = false;
  #failures = 0;

  constructor(wanted: "auto" | Transport, possible: boolean) {
    this.free = wanted === "auto" && possible;
    this.transport = wanted === "auto" ? (possible ? "websocket" : "sse") : wanted;
  }

  /** The transport in use got through. */
  through(): void {
    this.#failures = 0;
    this.#worked ||= this.transport === "websocket";
  }

  /** It did not. */
  failed(): void {
    if (!this.free) return;
    const websocket = this.transport === "websocket";
    // When SSE fails as well the gateway is away, and nobody knows what will get through when it is back.
    this.#failures += websocket ? 1 : -1;
    const most = this.#worked ? FAILURES_AFTER_SUCCESS : FAILURES;
    this.transport = websocket && this.#failures >= most ? "sse" : "websocket";
  }

  /** A WebSocket got through beside SSE. */
  back(): void {
    this.transport = "websocket";
    this.through();
  }
}
