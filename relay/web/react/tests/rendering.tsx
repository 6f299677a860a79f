// A hook in a component on a page, and what it gave at each rendering.

import { type Client, connect } from "@tailrace/client";
import { type ReactNode, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { WebSocket } from "ws";
import { until } from "../../client/tests/gateway.ts";
import { TailraceProvider } from "../src/index.ts";

/** Connections as they are opened and closed. */
export class Sockets {
  open = 0;
  made = 0;
  readonly Socket: typeof globalThis.WebSocket;

  constructor() {
    const sockets = this;
    this.Socket = class extends WebSocket {
      constructor(address: string | URL, protocols?: string | string[]) {
        super(address, protocols);
        sockets.made += 1;
        sockets.open += 1;
        this.once("close", () => {
          sockets.open -= 1;
        });
      }
    } as unknown as typeof globalThis.WebSocket;
  }

  client(url: string): Client {
    return connect(url, { WebSocket: this.Socket, transport: "websocket" });
  }
}

export class Rendered<P extends object, T> {
  readonly results: T[] = [];
  readonly #root = createRoot(document.body.appendChild(document.createElement("div")));
  readonly #client: Client;
  readonly #use: (props: P) => T;
  readonly #strict: boolean;

  constructor(client: Client, use: (props: P) => T, props: P, { strict = false } = {}) {
    this.#client = client;
    this.#use = use;
    this.#strict = strict;
    this.render(props);
  }

  get now(): T {
    const last = this.results.at(-1);
    if (last === undefined) throw new Error("nothing was rendered yet");
    return last;
  }

  render(props: P): void {
    const Hooked = this.#Hooked;
    const page = (
      <TailraceProvider client={this.#client}>
        <Hooked {...props} />
      </TailraceProvider>
    );
    this.#root.render(this.#strict ? <StrictMode>{page}</StrictMode> : page);
  }

  /** Waits until a rendering gave what fits, and gives that. */
  async until(fits: (result: T) => boolean, what: string): Promise<T> {
    await until(() => this.results.length > 0 && fits(this.now), what);
    return this.now;
  }

  unmount(): void {
    this.#root.unmount();
  }

  readonly #Hooked = (props: P): ReactNode => {
    this.results.push(this.#use(props));
    return null;
  };
}
