import type { LogRecord } from "@tailrace/client";

// Distinct texts of one key that are kept once; with more, the key is not one whose values repeat.
const SHARED = 4_096;
// Values of a key that completion offers, and how long they may be.
const OFFERED = 100;
const LONGEST = 80;
// Names of fields that are kept.
const NAMES = 300;

// ms between two answers with all of it.
const PAUSE = 1_000;

const KEYS = [
  "level",
  "logger",
  "source",
  "kind",
  "stream",
  "service",
  "host",
  "process",
  "thread",
  "module",
  "function",
  "action",
] as const;

/** Values that records have, by key: for completion, and so that equal texts are held once. */
export class Known {
  #shared = new Map<string, Map<string, string>>();
  #values = new Map<string, Set<string>>();
  #news = false;
  #taken = Number.NEGATIVE_INFINITY;

  constructor() {
    for (const key of [...KEYS, "producer"]) this.#shared.set(key, new Map());
  }

  /** Takes note of a record's values, and gives it the texts that are already there in place of its own copies. */
  note(record: LogRecord): void {
    for (const key of KEYS) {
      const text = record[key];
      if (text !== undefined) record[key] = this.#share(key, text);
    }
    record.producer = this.#share("producer", record.producer);
    for (const name in record.fields) this.#field(name, record.fields[name]);
  }

  /** All values, as they came up, when there are others than were taken last; not more often than is worth it. */
  take(now: number): Record<string, string[]> | null {
    if (!this.#news || now < this.#taken + PAUSE) return null;
    this.#news = false;
    this.#taken = now;
    return Object.fromEntries([...this.#values].map(([key, values]) => [key, [...values]]));
  }

  #share(key: string, text: string): string {
    const shared = this.#shared.get(key);
    const found = shared?.get(text);
    if (found !== undefined || !shared) return found ?? text;
    if (shared.size >= SHARED) shared.clear();
    shared.set(text, text);
    if (key !== "producer") this.#offer(key, text);
    return text;
  }

  #field(name: string, value: unknown): void {
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
      this.#offer(name, String(value));
    else this.#offer(name, "");
  }

  #offer(key: string, text: string): void {
    let values = this.#values.get(key);
    if (!values) {
      if (this.#values.size >= NAMES) return;
      values = new Set();
      this.#values.set(key, values);
      this.#news = true;
    }
    if (values.size >= OFFERED || text === "" || text.length > LONGEST || values.has(text)) return;
    values.add(text);
    this.#news = true;
  }
}
