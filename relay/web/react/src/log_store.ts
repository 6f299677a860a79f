import type { Client, Gap, LogRecord, Question, StreamEvent, SubscriptionState } from "@tailrace/client";
import type { LogStream } from "./log_stream.ts";

/** What a component sees: a new object for each change, and the same one as long as nothing changes. */
export interface LogSnapshot extends LogStream {
  /** What was asked; what belongs to another question must not be shown. */
  question: string;
}

/** Gaps that are kept, the newest of them. */
const MOST_GAPS = 1_000;

/** The logs of one question outside of React: it takes whatever comes at once, and tells its listeners once per frame. */
export class LogStore {
  readonly #listeners = new Set<() => void>();
  #question = "";
  #client: Client | null = null;
  #cursor: string | null = null;
  #max = 0;
  #logs: LogRecord[] = [];
  /** What came while paused, at most `max`: of more, those would leave that are the first to leave anyway. */
  #waiting: LogRecord[] = [];
  #gaps: Gap[] = [];
  /** What was numbered before its stream's numbers began anew. */
  readonly #former = new WeakSet<LogRecord>();
  #pending = 0;
  #paused = false;
  #state: SubscriptionState | null = null;
  #frame: number | undefined;

  readonly #clear = (): void => {
    this.#logs = [];
    this.#waiting = [];
    this.#gaps = [];
    this.#pending = 0;
    this.#changed();
  };

  readonly #publish = (): void => {
    this.#frame = undefined;
    const before = this.#snapshot;
    const next: LogSnapshot = {
      ...before,
      question: this.#question,
      logs: this.#logs,
      gaps: this.#gaps,
      isConnected: this.#state?.connection === "connected",
      error: this.#state?.error ?? null,
      pending: this.#pending,
    };
    if ((Object.keys(next) as (keyof LogSnapshot)[]).every((name) => next[name] === before[name])) return;
    this.#snapshot = next;
    for (const listener of this.#listeners) listener();
  };

  /** What is seen of a question that was not asked yet. */
  readonly nothing: LogSnapshot = {
    question: "",
    logs: [],
    gaps: [],
    isConnected: false,
    error: null,
    pending: 0,
    clearLogs: this.#clear,
    pause: () => {
      this.#paused = true;
    },
    resume: () => {
      this.#paused = false;
      this.#show(this.#waiting);
      this.#waiting = [];
      this.#pending = 0;
      this.#changed();
    },
  };
  #snapshot = this.nothing;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): LogSnapshot => this.#snapshot;

  /** At most so many records are kept, the newest of them. */
  limit(max: number): void {
    this.#max = max;
    this.#show([]);
    this.#changed();
  }

  /**
   * Begins anew with another question, and goes on with the same one where it ended; the answer ends it.
   *
   * @param question in JSON.
   */
  follow(client: Client, question: string): () => void {
    if (client !== this.#client || question !== this.#question) {
      this.#client = client;
      this.#question = question;
      this.#cursor = null;
      this.#paused = false;
      this.#clear();
    }
    const after = this.#cursor;
    const subscription = client.subscribe({ ...(JSON.parse(question) as Question), ...(after && { after }) });
    this.#state = subscription.state;
    const ignore = subscription.listen((event) => this.#take(event));
    this.#changed();
    return () => {
      ignore();
      subscription.close();
      this.#cursor = subscription.state.cursor ?? after;
      this.#state = null;
      this.#changed();
    };
  }

  #take(event: StreamEvent): void {
    if (event.type === "records") this.#arrive(event.records);
    else if (event.type === "gap") this.#declare(event.gap);
    else this.#state = event.state;
    this.#changed();
  }

  #arrive(records: LogRecord[]): void {
    if (!this.#paused) {
      this.#show(records);
      return;
    }
    this.#pending += records.length;
    this.#waiting = newest([...this.#waiting, ...records], this.#max);
  }

  #show(records: LogRecord[]): void {
    const logs = [...this.#logs];
    for (const record of records) insert(logs, record);
    this.#logs = newest(logs, this.#max);
  }

  #declare(gap: Gap): void {
    this.#gaps = newest([...this.#gaps, gap], MOST_GAPS);
    const { stream, reason } = gap;
    const last = numberIn(gap.after);
    const isFork = reason === "fork";
    const isBefore = (record: LogRecord) => this.#former.has(record) || numberIn(record.id) <= last;
    // A fork takes away what lies behind, a clearing what does not.
    const stays = (record: LogRecord) => record.stream !== stream || isBefore(record) === isFork;
    if (reason === "epoch")
      for (const record of [...this.#logs, ...this.#waiting]) if (record.stream === stream) this.#former.add(record);
    if (!isFork && reason !== "cleared") return;
    this.#logs = this.#logs.filter(stays);
    // More may be pending than waits.
    this.#pending -= this.#waiting.length;
    this.#waiting = this.#waiting.filter(stays);
    this.#pending += this.#waiting.length;
  }

  /** Tells at the next animation frame. A page that is hidden gets none, and shows nothing. */
  #changed(): void {
    this.#frame ??= requestAnimationFrame(this.#publish);
  }
}

/** By the time of appending among streams; within a stream the order is that of coming. */
function insert(logs: LogRecord[], record: LogRecord): void {
  const time = numberIn(record.id, 0);
  const last = logs.findLastIndex((each) => each.stream === record.stream || numberIn(each.id, 0) <= time);
  logs.splice(last + 1, 0, record);
}

/** A record's number in its stream; or, the first part of its ID, the time of its appending. */
function numberIn(id: string | null, part = 1): number {
  return Number(id?.split("-")[part] ?? 0);
}

function newest<T>(items: T[], most: number): T[] {
  return items.slice(Math.max(items.length - most, 0));
}
