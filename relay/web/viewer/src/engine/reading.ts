import type { Connection, Gap, LogRecord, Proof, StreamEvent, SubscriptionState } from "@tailrace/client";
import { type Checkpoint, Checkpoints } from "./checkpoints.ts";
import { type Entry, msOf, nameOf, type RecordEntry } from "./entry.ts";
import { Following } from "./following.ts";
import { Holding } from "./holding.ts";
import { Lists } from "./lists.ts";
import { Opening } from "./opening.ts";
import { Past } from "./past.ts";
import { cursorAfter, cursorFor, isSingle } from "./places.ts";
import type { Answers, EngineQuestion, Frame, ListName, Refusal } from "./protocol.ts";
import { isAlike, isWider } from "./question.ts";
import { Rate } from "./rate.ts";
import { refusalOf } from "./refusal.ts";
import { roomIn } from "./room.ts";
import type { Shared } from "./shared.ts";
import { isNarrower, knows, type QuerySieve } from "./sieve.ts";

// Records of history that a jump to the newest shows before them.
const BEFORE = 500;

// Records of a span that are loaded at once.
const SPAN = 2_000;

/** One question and all that was received for it. */
export class Reading {
  readonly holding: Holding;
  readonly lists: Lists;
  readonly rate = new Rate();
  readonly #shared: Shared;
  readonly #following: Following;
  readonly #past: Past;
  /** How it begins in the past, or goes to the newest from there; null once it is live. */
  #opening: Opening | null;
  readonly #closing = new AbortController();
  #question: EngineQuestion;
  #sieve: QuerySieve;
  #mode: Frame["mode"];
  #lag: number | null = null;
  #opened: Frame["opened"] = null;
  #refusal: Refusal | null = null;
  /** The question before this one, until a gateway has taken this one. */
  #former: (Checkpoint & { wider: Checkpoint | null }) | null = null;
  readonly #checkpoints = new Checkpoints();
  /** The newest were let go of to make room for older ones, and come again from history. */
  #away = false;
  /** What the subscription gives first may be held already. */
  #joining = false;
  /** What the subscription said last, before it was let go of. */
  #live = false;
  /** Loading, one after the other. */
  #loading: Promise<unknown> = Promise.resolve();

  constructor(shared: Shared, question: EngineQuestion, sieve: QuerySieve) {
    this.#shared = shared;
    this.#question = question;
    this.#sieve = sieve;
    this.#mode = question.record || question.until ? "past" : "live";
    this.holding = new Holding(shared.key, shared.capacity);
    this.lists = new Lists(this.holding, sieve, shared.changed);
    this.#past = new Past(shared.client, this.holding, {
      signal: this.#closing.signal,
      isAsked: (asked) => asked === this.#question,
    });
    this.#following = new Following(shared.client, (event) => this.#hear(event));
    this.#opening = this.#mode === "past" ? new Opening(() => this.#open(), shared.changed) : null;
    if (this.#mode === "live") this.#following.begin(question);
  }

  get question(): EngineQuestion {
    return this.#question;
  }

  get mode(): Frame["mode"] {
    return this.#mode;
  }

  get more(): Frame["more"] {
    return this.#past.more;
  }

  get state(): SubscriptionState {
    if (this.#mode === "past" && this.#opening) return this.#opening.state;
    const { state, held } = this.#following;
    // Whoever let go to make room had all there was.
    return held && state.connection === "held" ? { ...state, live: this.#live } : state;
  }

  get proof(): Proof {
    return this.#following.proof;
  }

  /** Why the question that was to follow this one was not taken. */
  get refusal(): Refusal | null {
    return this.#refusal;
  }

  /** Whether the question, as it is now, has yet to be taken, or to be answered where it is about the past. */
  get pending(): boolean {
    return this.#former !== null || (this.#mode === "past" && !this.state.live && this.state.connection !== "refused");
  }

  /** ms between Redis taking the newest live record and its coming here. */
  get lag(): number | null {
    return this.#lag;
  }

  /** The record that was asked for with its surroundings. */
  get opened(): Frame["opened"] {
    return this.#opened;
  }

  /** Whether there is something to show: all that was kept has come, or the first of it. */
  get ready(): boolean {
    return this.state.live || (this.#mode === "live" && this.holding.sequence.length > 0);
  }

  /**
   * Goes on with another question, if what it selects is held as far as anything is: now, or up to where a wider question
   * stood that this one took the place of; and if it is known here what that is. What is held stays, filtered.
   */
  takes(question: EngineQuestion, sieve: QuerySieve): boolean {
    this.#refusal = null;
    const { connection } = this.#following.state;
    if (!isAlike(question, this.#question) || this.#mode === "past" || isOver(connection)) return false;
    if (question.query === this.#question.query) return true;
    const here = this.#former ?? this.#here();
    const narrower = isNarrower(sieve, here.sieve);
    const wider = narrower ? null : this.#checkpoints.find(sieve, here.cursor, this.holding.capacity.entries / 2);
    if ((!narrower && !wider) || !knows(sieve, this.holding.sequence)) return false;
    this.#former = { ...here, wider };
    this.#question = question;
    this.#sieve = sieve;
    this.lists.filter(sieve);
    this.#following.exchange(question, wider?.cursor ?? cursorFor(question.streams, here) ?? undefined);
    return true;
  }

  /** Goes on with further streams, too. What is held stays. */
  widens(question: EngineQuestion): boolean {
    const { connection, cursor } = this.#following.state;
    const after = cursorFor(question.streams, { question: this.#question, cursor });
    if (!after || !isWider(question, this.#question) || this.#mode === "past" || isOver(connection)) return false;
    this.#former ??= { ...this.#here(), wider: null };
    this.#checkpoints.clear();
    this.#question = question;
    this.#following.exchange(question, after);
    return true;
  }

  /** Shows again what its own question selects. */
  unfilter(): void {
    this.lists.filter(this.#sieve);
  }

  pause(paused: boolean): void {
    this.lists.stand(paused);
    // What was held back was in no list yet.
    if (!paused && !this.#opened) this.open();
    this.looked();
  }

  /** Somebody looks elsewhere: there may be room now, or none any more. */
  looked(): void {
    if (this.#isAtEnd && !isTrying(this.#opening))
      this.#opening = new Opening(() => this.#load(() => this.#jump()), this.#shared.changed);
    this.#makeRoom();
  }

  /** Has the lists show the record that was asked for with its surroundings, if they have it. */
  open(): void {
    const { record } = this.#question;
    if (record) this.#opened = this.lists.open(record);
  }

  /** The record of a key, while it is held. */
  recordOf(key: number): LogRecord | null {
    return this.#entry(key)?.record ?? null;
  }

  /** Marks a record, or takes its mark away; its `<stream>/<id>`, while it is held. */
  mark(key: number, marked: boolean): string | null {
    const entry = this.#entry(key);
    if (!entry) return null;
    entry.marked = marked;
    return nameOf(entry);
  }

  /** Marks what is among the marked, and nothing else. */
  remark(): void {
    for (const entry of this.holding.sequence) if (entry.type === "record") entry.marked = this.#isMarked(entry);
  }

  /** Loads what is older than all that is held. */
  older(name: ListName, limit?: number): Promise<Answers["older"]> {
    return this.#load(async () => {
      const { entries, done } = await this.#past.older(this.#question, limit);
      const before = this.lists.of(name).first;
      this.#prepend(entries);
      return { added: before - this.lists.of(name).first, done };
    });
  }

  /** Loads what is newer than all that is held; at the end it goes live, unless time is bounded there. */
  newer(name: ListName): Promise<Answers["newer"]> {
    return this.#load(async () => {
      const { entries, done } = await this.#past.newer(this.#question);
      const list = this.lists.of(name);
      const before = list.records;
      this.#take(entries);
      this.lists.insert(entries, true);
      const added = list.records - before;
      // Who asks for this is at the end, whatever the page looks at.
      this.#trim(1);
      if (done && this.#mode === "past") this.#endPast();
      return { added, done };
    });
  }

  retry(): void {
    this.#following.retry();
    this.#opening?.retry();
  }

  clear(): void {
    // What is on its way is no answer any more.
    this.#question = { ...this.#question };
    this.#empty();
    if (this.#away) this.#goLive();
    this.#makeRoom();
  }

  close(): void {
    this.#closing.abort();
    this.#following.close();
    this.#opening?.close();
    this.lists.close();
  }

  /** One load at a time: each begins where the one before has ended. */
  #load<T>(work: () => Promise<T>): Promise<T> {
    const loaded = this.#loading.then(work).finally(this.#shared.changed);
    this.#loading = loaded.catch(() => undefined);
    return loaded;
  }

  async #open(): Promise<void> {
    const { record } = this.#question;
    const slash = record.lastIndexOf("/");
    if (record) await this.#past.around(this.#question, record.slice(0, slash), record.slice(slash + 1));
    else await this.#past.older(this.#question, Math.max(BEFORE, this.#question.tail));
    this.#take([...this.holding.sequence]);
    this.lists.refill();
    this.open();
    if (this.#question.since && this.#question.until) this.#tell(this.#fill(this.#question));
  }

  /** Loads all of a span that is bounded on both sides, as far as there is room. */
  async #fill(question: EngineQuestion): Promise<void> {
    while (question === this.#question && this.more.older && this.#isRoomy) await this.older("all", SPAN);
  }

  /** Whether more can be loaded that nobody has scrolled to: nothing that is held leaves for it. */
  get #isRoomy(): boolean {
    return this.holding.fill < 1 - SPAN / this.holding.capacity.entries;
  }

  /** What nobody asked about is told when it fails. */
  #tell(work: Promise<unknown>): void {
    work.catch((error) => this.#closing.signal.aborted || this.#shared.failed(error));
  }

  #hear(event: StreamEvent): void {
    if (event.type === "records") this.#add(event.records);
    else if (event.type === "gap") this.#addGap(event.gap);
    else this.#turn(event.state);
    if (event.type === "state") this.#shared.changed();
    else this.#shared.arrived();
  }

  /** The connection is in another state. */
  #turn({ connection, live, error }: SubscriptionState): void {
    if (connection !== "held") this.#live = live;
    if (live) this.#joining = false;
    if (!this.#former) return;
    if (connection === "connected") this.#settle(this.#former);
    else if (connection === "refused" && this.#following.back()) {
      this.#refusal = refusalOf(error);
      this.#question = this.#former.question;
      this.#sieve = this.#former.sieve;
      this.#former = null;
      this.lists.filter(this.#sieve);
    }
  }

  #here(): Checkpoint {
    const { cursor } = this.#following.state;
    const key = this.#shared.key();
    return { question: this.#question, sieve: this.#sieve, cursor, key, places: this.holding.places };
  }

  /** The question was taken. Where it leaves less than was asked for, history has more, if there is room for it. */
  #settle({ wider, ...here }: Checkpoint & { wider: Checkpoint | null }): void {
    this.#former = null;
    this.#following.settle();
    if (wider) this.#goBack(wider);
    else if (isAlike(here.question, this.#question)) this.#checkpoints.add(here);
    if (this.lists.of("all").records < this.#question.tail && this.#isRoomy) this.#tell(this.older("all"));
  }

  /** What came since a wider question stood somewhere is not all that this one selects: it comes again. */
  #goBack(checkpoint: Checkpoint): void {
    this.#checkpoints.returned(checkpoint);
    this.holding.goBack(checkpoint.key, checkpoint.places);
    this.lists.sweep();
    this.#past.reopen();
  }

  #add(records: LogRecord[]): void {
    const fresh = this.#joining ? records.filter((record) => this.holding.isNew(record)) : records;
    const entries = this.holding.add(fresh);
    this.#take(entries);
    this.lists.insert(entries);
    this.rate.add(records.length, performance.now());
    const last = records.at(-1);
    if (last && this.state.live) this.#lag = Math.max(0, Date.now() - msOf(last.id));
    this.#makeRoom();
  }

  #addGap(gap: Gap): void {
    let gone = 0;
    if (gap.reason === "fork") gone = this.holding.withdraw(gap);
    // Only a gap of nothing says that what is shown was removed; any other, that something did not come.
    if (gap.reason === "cleared" && gap.count === 0 && gap.after !== null)
      gone = this.holding.remove(gap.stream, gap.after);
    if (gone) this.lists.sweep();
    this.lists.insert([this.holding.addGap(gap)]);
    this.#makeRoom();
  }

  #take(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.type !== "record") continue;
      this.#shared.known.note(entry.record);
      entry.marked = this.#isMarked(entry);
    }
  }

  #prepend(entries: readonly Entry[]): void {
    this.#take(entries);
    this.lists.prepend(entries);
    const excess = this.holding.sequence.length - this.holding.capacity.entries;
    if (excess > 0 || this.holding.fill > 1) this.#leaveEnd(Math.max(excess, entries.length));
  }

  /** Makes room at the end for what was loaded in front. What comes waits in Redis, until somebody reads on to there. */
  #leaveEnd(count: number): void {
    this.#checkpoints.clear();
    this.#following.hold();
    this.holding.cut(count);
    this.lists.sweep();
    const last = this.holding.sequence.at(this.holding.sequence.length - 1);
    const { cursor } = this.#following.state;
    const onward = cursorAfter(this.holding.ends, cursor, last?.at ?? 0, isSingle(this.#question.streams));
    this.#past.onward = onward;
    this.#away ||= this.#mode === "live";
    this.#mode = "past";
  }

  /** All was read: with a bound of time nothing more will come. */
  #endPast(): void {
    if (this.#question.until) this.#past.onward = null;
    else this.#goLive();
  }

  /** What was let go of has come again, or is passed over: on with what waits in Redis. */
  #goLive(): void {
    this.#mode = "live";
    this.#opening?.close();
    this.#opening = null;
    this.#joining = true;
    if (!this.#away) this.#following.begin(this.#question, this.#past.onward ?? undefined);
    this.#away = false;
    this.#past.onward = null;
    this.#makeRoom();
  }

  /** Whether all readers are at the end, which was let go of. */
  get #isAtEnd(): boolean {
    return this.#away && this.lists.each().every((list) => list.followed);
  }

  /** To the newest, over all that was let go of: it is history before them. What is held stays until that has come. */
  async #jump(): Promise<void> {
    const entries = await this.#past.newest(this.#question, BEFORE, () => {
      if (this.#isAtEnd) this.#empty();
      else this.#opening = null;
      return this.#isAtEnd;
    });
    if (!this.#isAtEnd) return;
    this.#take(entries);
    this.lists.prepend(entries);
    this.#goLive();
  }

  #empty(): void {
    this.holding.clear();
    this.#checkpoints.clear();
    this.#past.reopen();
    this.lists.sweep();
  }

  /** Lets the oldest go, or, where somebody reads them, lets what comes wait in Redis. */
  #makeRoom(): void {
    const room = roomIn(this.holding, this.lists, this.#following.held);
    if (room !== null) this.#trim(room);
    if (room === null) this.#following.hold();
    else if (!this.#away) this.#following.resume();
  }

  #trim(fill: number): void {
    if (!this.holding.trim(fill)) return;
    this.lists.leave();
    this.#past.reopen();
  }

  #isMarked(entry: RecordEntry): boolean {
    return this.#shared.marks.size > 0 && this.#shared.marks.has(nameOf(entry));
  }

  #entry(key: number): RecordEntry | null {
    const { sequence } = this.holding;
    const entry = sequence.at(sequence.find(0, true, (each) => each.key === key));
    return entry?.type === "record" ? entry : null;
  }
}

function isTrying(opening: Opening | null): boolean {
  return opening?.state.connection === "connecting" || opening?.state.connection === "disconnected";
}

function isOver(connection: Connection): boolean {
  return connection === "refused" || connection === "closed";
}
