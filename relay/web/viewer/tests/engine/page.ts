// The page's side of an exchange in tests: it draws each frame at once, and keeps the newest.
import WebSocket from "ws";
import { until } from "../../../client/tests/gateway.ts";
import { Exchange } from "../../src/engine/exchange.ts";
import type { Answers, Command, EngineQuestion, Frame, ListName, Report } from "../../src/engine/protocol.ts";
import type { RecordRow } from "../../src/engine/rows.ts";

// What workers of browsers have, and Node 20 has not.
globalThis.WebSocket ??= WebSocket as unknown as typeof globalThis.WebSocket;

type Asked = Extract<Command, { ask: number }>;

export class Page {
  readonly exchange: Exchange;
  readonly frames: Frame[] = [];
  readonly reports: Report[] = [];
  /** A hidden page draws nothing. */
  hidden = false;
  #asks = 0;

  constructor(gateways: string[], { token = "", capacity }: { token?: string; capacity?: number } = {}) {
    const post = (report: Report) => this.#take(structuredClone(report));
    this.exchange = new Exchange(gateways, token, post, capacity ? { entries: capacity, text: 1e9 } : undefined);
    this.exchange.hear({ type: "look", list: "all", look: { follow: true, count: 50 } });
  }

  get frame(): Frame {
    const frame = this.frames.at(-1);
    if (!frame) throw new Error("there was no frame yet");
    return frame;
  }

  /** The messages of the rows of a list. */
  texts(list: ListName = "all"): string[] {
    const rows = this.frames.at(-1)?.lists[list].rows ?? [];
    return rows.map((row) => (row.type === "record" ? row.text : `<${row.type}>`));
  }

  records(list: ListName = "all"): RecordRow[] {
    return this.frame.lists[list].rows.filter((row) => row.type === "record");
  }

  follow(question: Partial<EngineQuestion> & { streams: string[] }, wider = false): void {
    const whole: EngineQuestion = { query: "", tail: 100, since: "", until: "", record: "", ...question };
    this.exchange.hear({ type: "follow", question: whole, wider });
  }

  hear(command: Command): void {
    this.exchange.hear(command);
  }

  /** Waits until the newest frame fulfils a condition. */
  async sees(condition: (frame: Frame) => unknown, what: string): Promise<void> {
    const fulfils = () => {
      const frame = this.frames.at(-1);
      return frame !== undefined && condition(frame);
    };
    await until(fulfils, what).catch((error) => {
      throw new Error(`${error.message}; the newest frame: ${JSON.stringify(this.frames.at(-1))?.slice(0, 2000)}`);
    });
  }

  async shows(texts: string[], list: ListName = "all"): Promise<void> {
    await this.sees(() => JSON.stringify(this.texts(list)) === JSON.stringify(texts), `the lines ${texts}`);
  }

  async ask<T extends Asked["type"]>(
    question: Omit<Extract<Asked, { type: T }>, "ask"> & { type: T },
  ): Promise<Answers[T]> {
    const ask = ++this.#asks;
    this.exchange.hear({ ...question, ask } as unknown as Command);
    const answer = () => this.reports.find((report) => "ask" in report && report.ask === ask);
    await until(answer, `the answer to ${question.type}`);
    const report = answer();
    if (report?.type === "answer") return report.value as Answers[T];
    throw new Error(report?.type === "failed" ? `${report.code}: ${report.message}` : "no answer");
  }

  draw(): void {
    this.exchange.hear({ type: "drawn", frame: this.frame.number });
  }

  #take(report: Report): void {
    if (report.type !== "frame") this.reports.push(report);
    else {
      this.frames.push(report.frame);
      // As with a screen: later, not within.
      if (!this.hidden) queueMicrotask(() => this.exchange.hear({ type: "drawn", frame: report.frame.number }));
    }
  }
}
