import { type ReadonlySignal, signal } from "@preact/signals";
import type { Client, LogRecord, Service } from "@tailrace/client";
import type {
  Answers,
  CallName,
  Command,
  CopyFormat,
  EngineQuestion,
  Frame,
  Histogram,
  ListName,
  Look,
  Report,
  Step,
} from "./protocol.ts";

type Asking = Extract<Command, { ask: number }>;
type Question<T extends Asking["type"]> = Omit<Extract<Asking, { type: T }>, "ask">;

/** What a gateway refused, or the worker could not do. `code` as in the client's TailraceError. */
export class EngineError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "EngineError";
    this.code = code;
  }
}

// ms after which the worker is begun again where the gateway that serves it was away.
const AGAIN = 2_000;

/** The page's side of the worker that receives, holds and filters records. */
export class Engine {
  readonly #start: () => Worker;
  #worker: Worker;
  /** All that was said to a worker that has said nothing yet, and perhaps could not be loaded; null afterwards. */
  #early: Command[] | null = [];
  /** Settles when the worker hears what it is told. */
  readonly begun: Promise<void>;
  #tellBegun: () => void = () => undefined;
  readonly #frame = signal<Frame | null>(null);
  readonly #services = signal<Service[] | null>(null);
  readonly #tokenWanted = signal(false);
  readonly #waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  #asks = 0;

  constructor(start: () => Worker, gateways: string[], token: string) {
    this.#start = start;
    this.begun = new Promise((resolve) => {
      this.#tellBegun = resolve;
    });
    this.#worker = this.#begin();
    this.#send({ type: "begin", gateways, token });
  }

  /** The newest of what there is to draw; null before the first. */
  get frame(): ReadonlySignal<Frame | null> {
    return this.#frame;
  }

  /** All services and their live status; null while nobody knows. */
  get services(): ReadonlySignal<Service[] | null> {
    return this.#services;
  }

  /** Whether the gateway waits for another token. */
  get tokenWanted(): ReadonlySignal<boolean> {
    return this.#tokenWanted;
  }

  token(token: string): void {
    this.#tokenWanted.value = false;
    this.#send({ type: "token", token });
  }

  /** @param wider whether nothing else was chosen: then what is held stays. */
  follow(question: EngineQuestion, wider = false): void {
    this.#send({ type: "follow", question, ...(wider && { wider }) });
  }

  filter(query: string): void {
    this.#send({ type: "filter", query });
  }

  look(list: ListName, look: Look): void {
    this.#send({ type: "look", list, look });
  }

  find(text: string): void {
    this.#send({ type: "find", text });
  }

  mark(key: number, marked: boolean): void {
    this.#send({ type: "mark", key, marked });
  }

  /** Which records are marked from the beginning, as `<stream>/<id>`. */
  marks(ids: string[]): void {
    this.#send({ type: "marks", ids });
  }

  pause(paused: boolean): void {
    this.#send({ type: "pause", paused });
  }

  retry(): void {
    this.#send({ type: "retry" });
  }

  /** Empties the lists; nothing is removed from Redis, and what comes goes on coming. */
  clear(): void {
    this.#send({ type: "clear" });
  }

  older(list: ListName): Promise<Answers["older"]> {
    return this.#ask({ type: "older", list });
  }

  newer(list: ListName): Promise<Answers["newer"]> {
    return this.#ask({ type: "newer", list });
  }

  step(list: ListName, from: number, forward: boolean, to: Step, value?: string): Promise<Answers["step"]> {
    return this.#ask({ type: "step", list, from, forward, to, ...(value === undefined ? {} : { value }) });
  }

  locate(list: ListName, place: { key?: number; id?: string; time?: number }): Promise<Answers["locate"]> {
    return this.#ask({ type: "locate", list, ...place });
  }

  record(key: number): Promise<LogRecord | null> {
    return this.#ask({ type: "record", key });
  }

  copy(list: ListName, as: CopyFormat, range: { from?: number; to?: number } = {}): Promise<Answers["copy"]> {
    return this.#ask({ type: "copy", list, as, ...range });
  }

  /** The same as a file, which may be larger than any text. */
  file(list: ListName, as: CopyFormat, range: { from?: number; to?: number } = {}): Promise<Answers["file"]> {
    return this.#ask({ type: "file", list, as, ...range });
  }

  histogram(list: ListName, buckets: number): Promise<Histogram> {
    return this.#ask({ type: "histogram", list, buckets });
  }

  /** A file of all that matches, whether it is held or not. */
  download(...call: Parameters<Client["download"]>): Promise<Blob> {
    return this.#ask({ type: "download", call });
  }

  /** Calls the client's method of this name. */
  call<N extends CallName>(name: N, ...call: Parameters<Client[N]>): ReturnType<Client[N]> {
    return this.#ask({ type: "call", name, call }) as ReturnType<Client[N]>;
  }

  #ask<T extends Asking["type"]>(question: Question<T> & { type: T }): Promise<Answers[T]> {
    const ask = ++this.#asks;
    return new Promise<Answers[T]>((resolve, reject) => {
      this.#waiting.set(ask, { resolve, reject });
      this.#send({ ...question, ask } as unknown as Command);
    });
  }

  #begin(): Worker {
    const worker = this.#start();
    worker.onmessage = (event: MessageEvent<Report>) => this.#hear(event.data);
    worker.onerror = () => this.#early && setTimeout(() => this.#beginAgain(this.#early ?? []), AGAIN);
    return worker;
  }

  #beginAgain(said: Command[]): void {
    this.#worker = this.#begin();
    for (const command of said) this.#worker.postMessage(command);
  }

  #send(command: Command): void {
    this.#early?.push(command);
    this.#worker.postMessage(command);
  }

  #hear(report: Report): void {
    this.#early = null;
    if (report.type === "begun") this.#tellBegun();
    else if (report.type === "frame") this.#draw(report.frame);
    else if (report.type === "services") this.#services.value = report.services;
    else if (report.type === "token-wanted") this.#tokenWanted.value = true;
    else this.#answer(report);
  }

  /** The worker sends the next frame once this one was drawn: a hidden page, which gets no animation frames, gets none. */
  #draw(frame: Frame): void {
    requestAnimationFrame(() => {
      try {
        this.#frame.value = frame;
      } finally {
        // Whatever was not drawn of this one: those that follow shall be.
        this.#send({ type: "drawn", frame: frame.number });
      }
    });
  }

  #answer(report: Extract<Report, { ask: number }>): void {
    const waiting = this.#waiting.get(report.ask);
    this.#waiting.delete(report.ask);
    if (report.type === "answer") waiting?.resolve(report.value as never);
    else waiting?.reject(new EngineError(report.code, report.message));
  }
}
