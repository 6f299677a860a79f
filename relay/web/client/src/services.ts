import { Line, NO_SENSE, type Owner, type Setup } from "./line.ts";
import { tell } from "./listeners.ts";
import type { Message } from "./messages.ts";
import type { Service } from "./records.ts";

type Listener = (services: Service[] | null) => void;

/** The live status of all services: one connection, for as long as somebody listens. */
export class Services implements Owner {
  readonly #setup: Setup;
  readonly #listeners = new Set<Listener>();
  #line: Line | null = null;
  #known: Map<string, Service> | null = null;
  // Tries that failed since a gateway last greeted.
  #losses = 0;

  constructor(setup: Setup) {
    this.#setup = setup;
  }

  listen(listener: Listener): () => void {
    // A function that listens twice is two listeners.
    const own: Listener = (services) => tell(listener, services);
    this.#listeners.add(own);
    if (!this.#line) {
      this.#line = new Line(this.#setup, this, "api/status");
      this.#line.open();
    }
    own(this.#all());
    return () => {
      this.#listeners.delete(own);
      if (this.#listeners.size === 0) this.close();
    };
  }

  close(): void {
    this.#line?.close();
    this.#line = null;
    this.#known = null;
  }

  // For the line.

  asked() {
    return {};
  }

  take(message: Message): void {
    if (message.type !== "status") return;
    const { state, services, removed } = message;
    if (state === "services") this.#known = new Map();
    if (state === "unavailable") this.#known = null;
    for (const service of services) this.#known?.set(service.service, service);
    for (const name of removed) this.#known?.delete(name);
    this.#tell();
  }

  unreadable(): void {
    // Whatever it was, the next connection begins with all there is.
    this.#line?.again(NO_SENSE);
  }

  changed(): void {
    // A gateway that goes is soon followed by another; only when that is not so, nobody knows.
    const connection = this.#line?.state.connection;
    if (connection === "connected") this.#losses = 0;
    if (connection === "disconnected") this.#losses += 1;
    if (this.#known && (this.#losses > 1 || connection === "refused")) {
      this.#known = null;
      this.#tell();
    }
  }

  #all(): Service[] | null {
    return this.#known && [...this.#known.values()].sort((a, b) => (a.service < b.service ? -1 : 1));
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener(this.#all());
  }
}
