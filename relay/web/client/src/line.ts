import type { Credentials } from "./credentials.ts";
import { alike } from "./cursor.ts";
import { TailraceError } from "./errors.ts";
import type { Connection } from "./events.ts";
import { addressAt, type Gateway, type Gateways } from "./gateways.ts";
import type { Link } from "./link.ts";
import { type Message, readMessage } from "./messages.ts";
import { getsThrough } from "./probe.ts";
import type { Parameters } from "./question.ts";
import { delayBefore, type Ending, errorOf, nextAfter } from "./retrying.ts";
import { openEvents } from "./sse.ts";
import { Choice, type Transport } from "./transport.ts";
import { openWebSocket } from "./websocket.ts";

/** In ms. */
export interface Times {
  /** Until a gateway must have greeted. */
  greeting: number;
  /** A gateway says something every 5 s: one that is silent for so long is left. */
  silence: number;
  /** While on SSE: until it is looked whether a WebSocket gets through. */
  probe: number;
}

/** What all connections of a client share. */
export interface Setup {
  readonly gateways: Gateways;
  readonly credentials: Credentials;
  readonly transport: "auto" | Transport;
  readonly Socket: typeof WebSocket | undefined;
  readonly fetch: typeof fetch;
  readonly times: Times;
}

/** Whom a line is for. */
export interface Owner {
  /** What is asked for, each time anew. */
  asked(): Parameters;
  /** A message other than of tokens and errors; the first one of a connection is its greeting. */
  take(message: Message, size: number): void;
  /** One that made no sense. */
  unreadable(): void;
  /** `state` is another one. */
  changed(): void;
}

export interface LineState {
  connection: Connection;
  gateway: string | null;
  url: string;
  transport: Transport;
  reconnects: number;
  retryAt: number | null;
  error: TailraceError | null;
}

/** Of a message that could not be read. */
export const NO_SENSE = "a message of the gateway makes no sense";

// How much longer than usual a silence may get, by doubling, where a message takes so long to come that the connection
// seems dead: else it would be asked for again for ever.
const MOST_PATIENCE = 16;

/** One question's connection, kept up: on whatever gateway, by whatever transport, with whatever token. */
export class Line {
  state: LineState;
  readonly #setup: Setup;
  readonly #owner: Owner;
  readonly #path: string;
  readonly #events: string;
  // Those that do not take this as it is.
  readonly #refusing = new Set<Gateway>();
  #gateway: Gateway;
  readonly #choice: Choice;
  #link: Link | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #probeTimer: ReturnType<typeof setTimeout> | undefined;
  // Counts what was begun, so that what comes late of an earlier one is passed over.
  #turn = 0;
  #token: string | undefined;
  #attempts = 0;
  #patience = 1;
  #greeted = false;
  // The next greeting is one more than the first one, and than hold and resume ask for.
  #again = false;
  // Another token was asked for since a gateway last greeted.
  #renewed = false;
  #said: TailraceError | undefined;

  /**
   * @param path of its WebSocket.
   * @param events of its event stream, where that is another one.
   */
  constructor(setup: Setup, owner: Owner, path: string, events = path) {
    this.#setup = setup;
    this.#owner = owner;
    this.#path = path;
    this.#events = events;
    this.#gateway = setup.gateways.best;
    this.#choice = new Choice(setup.transport, setup.Socket !== undefined);
    this.state = {
      connection: "connecting",
      gateway: null,
      url: this.#gateway.url,
      transport: this.#choice.transport,
      reconnects: 0,
      retryAt: null,
      error: null,
    };
    globalThis.addEventListener?.("online", this.#online);
  }

  /** Connects, as if nothing had been tried before. */
  open(): void {
    this.#attempts = 0;
    this.#renewed = false;
    this.#refusing.clear();
    this.#open();
  }

  /** Leaves the gateway, until `open`. */
  hold(): void {
    this.#letGo();
    this.#again = false;
    this.#say("held");
  }

  close(): void {
    this.#letGo();
    globalThis.removeEventListener?.("online", this.#online);
    this.#say("closed");
  }

  /** Tries at once, if it is waiting to try or was refused. */
  retry(): void {
    if (["disconnected", "refused"].includes(this.state.connection)) this.open();
  }

  /** Asks again, on the next gateway: what came was not right. */
  again(reason: string): void {
    this.#lose({ code: 0, reason, error: new TailraceError("unreadable", reason) });
  }

  #online = () => this.retry();

  /** As `act`, unless something else was begun meanwhile. */
  #still<T extends unknown[]>(act: (...said: T) => void): (...said: T) => void {
    const turn = this.#turn;
    return (...said) => {
      if (turn === this.#turn) act(...said);
    };
  }

  #open(): void {
    this.#letGo();
    this.#say("connecting", { url: this.#gateway.url, transport: this.#choice.transport });
    this.#with(this.#setup.credentials.current(), (token) => {
      this.#token = token;
      this.#connect();
    });
  }

  #with(asked: Promise<string | undefined>, use: (token: string | undefined) => void): void {
    asked.then(
      this.#still(use),
      this.#still((error: TailraceError) => this.#lose({ code: 0, reason: "", error })),
    );
  }

  #connect(): void {
    const { Socket, fetch, times } = this.#setup;
    const ears = {
      heard: this.#still((text: string) => this.#hear(text)),
      alive: this.#still(() => this.#expectMore()),
      ended: this.#still((ending: Ending) => this.#lose(ending)),
    };
    this.#expectWithin(times.greeting, "the gateway does not greet");
    const address = (path: string) => addressAt(this.#gateway, path, this.#owner.asked());
    this.#link =
      Socket && this.#choice.transport === "websocket"
        ? openWebSocket(Socket, address(this.#path), this.#token, ears)
        : openEvents(fetch, address(this.#events), this.#token, ears);
  }

  #hear(text: string): void {
    const message = readMessage(text);
    if (!message) {
      this.#expectMore();
      this.#owner.unreadable();
    } else if (message.type === "error") {
      this.#said = message.error;
      this.#set({ ...this.state, error: message.error });
    } else if (message.type === "status" && message.state.startsWith("token_")) {
      if (message.state === "token_expired") this.#renew();
    } else if (this.#greeted || message.type === "hello" || message.type === "status") {
      this.#progress(message);
      // Whoever was told of the greeting may not want any more.
      if (this.#greeted) this.#owner.take(message, text.length);
    }
  }

  #progress(message: Message): void {
    this.#said = undefined;
    if (this.#greeted) {
      // Not at the greeting: a gateway that dies of each question must not be asked without a pause.
      this.#attempts = 0;
      this.#patience = 1;
    } else this.#greet(message);
    this.#expectMore();
  }

  #greet(message: Message): void {
    this.#greeted = true;
    this.#renewed = false;
    this.#refusing.clear();
    this.#setup.gateways.best = this.#gateway;
    this.#choice.through();
    if (this.#choice.free && this.#choice.transport === "sse") this.#probeLater();
    const reconnects = this.state.reconnects + Number(this.#again);
    this.#again = true;
    const gateway = message.type === "hello" ? message.gateway : null;
    this.#say("connected", { gateway, reconnects, error: null });
  }

  /** Signs of life count from the greeting on: it has a time of its own. */
  #expectMore(): void {
    if (this.#greeted) this.#expectWithin(this.#setup.times.silence * this.#patience, "the gateway fell silent");
  }

  #expectWithin(time: number, reason: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#greeted) this.#patience = Math.min(this.#patience * 2, MOST_PATIENCE);
      this.#lose({ code: 0, reason });
    }, time);
  }

  #lose(ending: Ending): void {
    const error = errorOf({ error: this.#said, ...ending });
    // Whoever refuses has been reached.
    const failed = !this.#greeted && error.code === "network";
    this.#letGo();
    if (failed) this.#choice.failed();
    const next = nextAfter(ending.code);
    if (next === "token" && !this.#renewed) {
      // Once, and then no more until a gateway greets.
      this.#renewed = true;
      this.#with(this.#setup.credentials.renewed(this.#token), (token) => {
        if (token === this.#token) this.#lose({ ...ending, error });
        else this.#open();
      });
      this.#say("disconnected", { error });
      return;
    }
    if (next === "token" || next === "elsewhere") this.#refusing.add(this.#gateway);
    const other = this.#setup.gateways.after(this.#gateway, this.#refusing);
    if (next === "never" || !other) {
      this.#say("refused", { error });
      return;
    }
    this.#gateway = other;
    const wait = delayBefore(this.#attempts, ending);
    this.#attempts += 1;
    this.#timer = setTimeout(() => this.#open(), wait);
    this.#say("disconnected", { retryAt: Date.now() + wait, error });
  }

  /** The token in use has expired: a WebSocket goes on with another one, an event stream begins anew. */
  #renew(): void {
    this.#with(this.#setup.credentials.renewed(this.#token), (token) => {
      // The same again will not do. The gateway closes when its time is over, and then there is another try.
      if (token === this.#token) return;
      this.#token = token;
      if (this.#link?.send) this.#link.send(JSON.stringify({ type: "token", token }));
      else this.#open();
    });
  }

  #probeLater(): void {
    const { Socket, times } = this.#setup;
    if (!Socket) return;
    const told = this.#still((through: boolean) => {
      if (!through) return this.#probeLater();
      this.#choice.back();
      this.#open();
    });
    const probe = () =>
      void getsThrough(Socket, addressAt(this.#gateway, this.#path), this.#token, times.greeting).then(told);
    this.#probeTimer = setTimeout(probe, times.probe * (0.75 + Math.random() / 2));
  }

  #letGo(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#probeTimer);
    this.#link?.close();
    this.#link = null;
    this.#greeted = false;
    this.#said = undefined;
    this.#turn += 1;
  }

  /** Another state; what is not said of gateway and time is none. */
  #say(connection: Connection, more: Partial<LineState> = {}): void {
    this.#set({ ...this.state, gateway: null, retryAt: null, ...more, connection });
  }

  #set(state: LineState): void {
    if (alike(state, this.state)) return;
    this.state = state;
    this.#owner.changed();
  }
}
