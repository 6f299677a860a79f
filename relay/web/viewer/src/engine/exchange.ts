import type { TailraceError } from "@tailrace/client";
import { answerTo, loadAnswers } from "./answering.ts";
import type { Asked } from "./answers.ts";
import { Connection } from "./connection.ts";
import { ARRIVALS, Frames } from "./frames.ts";
import { CAPACITY, type Capacity } from "./holding.ts";
import { Hues } from "./hues.ts";
import { Known } from "./known.ts";
import { frameOf } from "./picture.ts";
import type { Command, EngineQuestion, ListName, Look, Refusal, Report } from "./protocol.ts";
import { isAlike } from "./question.ts";
import { Reading } from "./reading.ts";
import { refusalOf } from "./refusal.ts";
import type { Shared } from "./shared.ts";
import { finding, isReadable, loadLanguage, type QuerySieve, type Sieve, sieveOf } from "./sieve.ts";

// ms between two looks at whether the rate is still what was shown.
const AGEING = 500;

// ms for which a failure is told: long enough to read it twice.
const TOLD = 15_000;

type Order = Exclude<Command, Asked | { type: "begin" } | { type: "drawn" }>;

/** Takes the page's commands to what carries them out, and frames and answers back to it. */
export class Exchange {
  readonly #post: (report: Report) => void;
  readonly #capacity: Capacity;
  readonly #connection: Connection;
  readonly #frames: Frames;
  readonly #hues = new Hues();
  readonly #known = new Known();
  readonly #marks = new Set<string>();
  readonly #looks = new Map<ListName, Look>();
  readonly #ageing: ReturnType<typeof setInterval>;
  /** What is shown. */
  #reading: Reading | null = null;
  /** What was asked last, until there is something of it to show. */
  #coming: Reading | null = null;
  #question: EngineQuestion | null = null;
  #refusal: Refusal | null = null;
  /** What the page's query selects. */
  #sieve: QuerySieve | null = null;
  #find: Sieve | null = null;
  #paused = false;
  /** Commands that wait until queries can be read. */
  readonly #waiting: Command[] = [];
  #keys = 0;
  #rate = 0;
  #tokenWanted = false;
  #unlisten: () => void = () => undefined;

  /** @param capacity of each question. */
  constructor(gateways: string[], token: string, post: (report: Report) => void, capacity = CAPACITY) {
    this.#post = post;
    this.#capacity = capacity;
    this.#frames = new Frames(
      (number) => this.#frame(number),
      (frame) => post({ type: "frame", frame }),
    );
    this.#connection = new Connection(gateways, token, () => this.#wantToken());
    this.#ageing = setInterval(() => this.#age(), AGEING);
    this.#listenForServices();
    // In time for a gateway that goes away; a failure is told to whoever asks something.
    loadAnswers().catch(() => undefined);
  }

  hear(command: Command): void {
    if (command.type === "drawn") this.#frames.drawn(command.frame);
    else if (this.#waiting.length || !isReadable(queryIn(command))) this.#wait(command);
    else this.#take(command);
  }

  /** Until queries can be read, what comes waits in its order. */
  #wait(command: Command): void {
    this.#waiting.push(command);
    if (this.#waiting.length > 1) return;
    void loadLanguage().then(() => {
      for (const each of this.#waiting.splice(0)) this.#take(each);
    });
  }

  #take(command: Command): void {
    if ("ask" in command) void this.#answer(command);
    else if (command.type !== "begin" && command.type !== "drawn") {
      try {
        this.#obey(command);
      } catch (error) {
        // Such as a query that cannot be read: what is shown stays.
        this.#refusal = refusalOf(error);
      }
      this.#changed();
    }
  }

  /** Something failed that nobody asked about: that is told for a while. */
  fail(error: unknown): void {
    const refusal = refusalOf(error);
    this.#refusal = refusal;
    this.#changed();
    setTimeout(() => {
      if (this.#refusal !== refusal) return;
      this.#refusal = null;
      this.#frames.changed();
    }, TOLD);
  }

  close(): void {
    clearInterval(this.#ageing);
    this.#unlisten();
    this.#coming?.close();
    this.#reading?.close();
    this.#connection.close();
  }

  #obey(command: Order): void {
    switch (command.type) {
      case "token":
        this.#renew(command.token);
        break;
      case "follow":
        this.#follow(command.question, command.wider);
        break;
      case "filter":
        this.#reading?.lists.filter(this.#parsed(command.query));
        break;
      case "look":
        this.#look(command.list, command.look);
        break;
      case "find":
        this.#find = finding(command.text);
        for (const each of this.#readings()) each.lists.search(this.#find);
        break;
      case "mark":
        this.#mark(command.key, command.marked);
        break;
      case "marks":
        this.#marks.clear();
        for (const id of command.ids) this.#marks.add(id);
        for (const each of this.#readings()) each.remark();
        break;
      case "pause":
        this.#paused = command.paused;
        for (const each of this.#readings()) each.pause(command.paused);
        break;
      case "retry":
        for (const each of this.#readings()) each.retry();
        break;
      case "clear":
        this.#reading?.clear();
    }
  }

  #readings(): Reading[] {
    return [this.#reading, this.#coming].filter((each) => each !== null);
  }

  async #answer(asked: Asked): Promise<void> {
    try {
      const value = await answerTo(asked, () => this.#reading, this.#connection.client);
      this.#post({ type: "answer", ask: asked.ask, value });
    } catch (error) {
      const { code, message } = refusalOf(error);
      this.#post({ type: "failed", ask: asked.ask, code, message });
    }
  }

  #parsed(query: string): QuerySieve {
    this.#refusal = null;
    if (this.#sieve?.text !== query || !this.#sieve.parts) this.#sieve = sieveOf(query);
    return this.#sieve;
  }

  #follow(question: EngineQuestion, wider = false): void {
    const sieve = this.#parsed(question.query);
    const again = JSON.stringify(question) === JSON.stringify(this.#question);
    if (this.#question && isAlike(question, this.#question)) this.#reading?.lists.filter(sieve);
    this.#question = question;
    this.#coming?.close();
    this.#coming = null;
    if (wider && this.#reading?.widens(question)) return;
    // The same once more is to begin anew.
    if (!again && this.#reading?.takes(question, sieve)) return;
    const coming = new Reading(this.#shared(), question, sieve);
    if (this.#find) coming.lists.search(this.#find);
    if (this.#reading) this.#coming = coming;
    else this.#show(coming);
  }

  #show(reading: Reading): void {
    this.#reading?.close();
    this.#reading = reading;
    this.#coming = null;
    for (const [list, look] of this.#looks) reading.lists.of(list).look = look;
    reading.pause(this.#paused);
    reading.open();
  }

  #look(list: ListName, look: Look): void {
    this.#looks.set(list, look);
    // Either one list is shown, or two others.
    for (const other of this.#looks.keys())
      if ((other === "all") !== (list === "all")) this.#looks.set(other, { follow: true, count: 0 });
    for (const [name, each] of this.#looks) if (this.#reading) this.#reading.lists.of(name).look = each;
    this.#reading?.looked();
  }

  #mark(key: number, marked: boolean): void {
    const name = this.#reading?.mark(key, marked);
    if (!name) return;
    if (marked) this.#marks.add(name);
    else this.#marks.delete(name);
  }

  #shared(): Shared {
    return {
      client: this.#connection.client,
      known: this.#known,
      capacity: this.#capacity,
      key: () => ++this.#keys,
      marks: this.#marks,
      changed: () => this.#heard(),
      arrived: () => this.#heard(ARRIVALS),
      failed: (error) => this.fail(error),
    };
  }

  /** Something came: what was asked last is shown as soon as there is something of it, and never when it was refused. */
  #heard(rest?: number): void {
    const last = this.#coming ?? this.#reading;
    if (last?.state.connection === "refused") this.#refuse(last, last.state.error);
    else if (this.#coming?.ready) {
      this.#show(this.#coming);
      this.#changed();
    }
    this.#changed(rest);
  }

  #refuse(reading: Reading, error: TailraceError | null): void {
    if (error?.code === "unauthorized") this.#wantToken();
    if (reading !== this.#coming) return;
    this.#refusal = refusalOf(error);
    this.#coming = null;
    reading.close();
    this.#reading?.unfilter();
  }

  /** Why nothing comes of what was asked. */
  #refused(reading: Reading): Refusal | null {
    const { connection, error } = reading.state;
    return reading.refusal ?? (connection === "refused" ? refusalOf(error) : null);
  }

  #changed(rest?: number): void {
    if (this.#reading || this.#refusal) this.#frames.changed(rest);
  }

  #frame(number: number) {
    const reading = this.#reading;
    const around = {
      hues: this.#hues,
      known: this.#known,
      pending: this.#coming !== null || reading?.pending === true,
      refusal: this.#refusal ?? (reading && this.#refused(reading)),
    };
    const frame = frameOf(number, reading, around);
    this.#rate = frame.rate;
    return frame;
  }

  #age(): void {
    if (this.#reading && this.#rate !== this.#reading.rate.at(performance.now())) this.#changed();
  }

  #wantToken(): void {
    if (this.#tokenWanted) return;
    this.#tokenWanted = true;
    this.#post({ type: "token-wanted" });
  }

  #renew(token: string): void {
    this.#tokenWanted = false;
    if (!this.#connection.renew(token)) {
      // Whoever asked may have given up, and wait before it asks again.
      for (const each of this.#readings()) each.retry();
      return;
    }
    this.#listenForServices();
    if (this.#question) this.#follow(this.#question);
  }

  #listenForServices(): void {
    this.#unlisten();
    this.#unlisten = this.#connection.client.services((services) => this.#post({ type: "services", services }));
  }
}

/** The query that a command brings. */
function queryIn(command: Command): string {
  if (command.type === "follow") return command.question.query;
  return command.type === "filter" ? command.query : "";
}
