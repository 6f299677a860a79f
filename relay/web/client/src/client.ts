import type { Proof, StreamEvent, SubscriptionState } from "./events.ts";
import type { Gap, LogRecord, Service, StreamHorizon } from "./records.ts";

export interface ConnectOptions {
  /** For gateways that ask for one. */
  token?: string;
  /**
   * Asked for a token before the first connection, when the last one has expired, and once when it is refused. Where it fails
   * or takes longer than a minute, it is asked again later.
   */
  getToken?: () => string | Promise<string>;
  /** `auto`: WebSocket, and SSE where no WebSocket gets through, and back. */
  transport?: "auto" | "websocket" | "sse";
  /** For runtimes without them, and for tests. */
  WebSocket?: typeof WebSocket;
  fetch?: typeof fetch;
}

/** Where and what; `after` wins over `since`, `since` over `tail`; without any: live from now. */
export interface Question {
  /** Names and globs (`*`, `?`). */
  streams: string | readonly string[];
  /** docs/QUERY.md */
  query?: string;
  /** This level and above. */
  level?: string;
  /** First the last so many that match. */
  tail?: number;
  /** A cursor. */
  after?: string;
  /** A time: ms since 1970, a Date, RFC 3339, or how long ago: `-15m`. */
  since?: number | string | Date;
}

/**
 * A question that is followed until it is closed.
 *
 * As an iterator it ends when it is closed; leaving the loop closes it, unless somebody listens besides. For a loop that
 * is slow at most 8 million characters of messages wait, some 20 000 records: beyond, the gateway is let go, for all who
 * listen here, and asked for the rest when most are taken. What comes before anybody listens waits for the first who does.
 */
export interface Subscription extends AsyncIterable<StreamEvent> {
  /** The same object as long as nothing in it is different. */
  readonly state: SubscriptionState;
  /** Calls `listener` with each event, at once when it comes; the answer ends that. */
  listen(listener: (event: StreamEvent) => void): () => void;
  /** Lets go of the gateway; what comes meanwhile stays in Redis, and `resume` fetches it. */
  hold(): void;
  resume(): void;
  /** Tries at once, if it is waiting to try or was refused. */
  retry(): void;
  prove(): Proof;
  close(): void;
}

/** What selects records of history. */
export interface Selection {
  query?: string;
  level?: string;
  since?: number | string | Date;
  until?: number | string | Date;
}

export interface PageOptions extends Selection {
  after?: string;
  before?: string;
  limit?: number;
  order?: "asc" | "desc";
  signal?: AbortSignal;
}

/** `next` goes on in the same order: as `after` (asc) or `before` (desc). */
export interface Page {
  records: LogRecord[];
  next: string | null;
  previous: string | null;
  gaps: Gap[];
}

export interface SummaryOptions extends Selection {
  buckets?: number;
  signal?: AbortSignal;
}

export interface Summary {
  total: number;
  first: { id: string; time: string } | null;
  last: { id: string; time: string } | null;
  by_level: Record<string, number>;
  by_logger: Record<string, number>;
  by_source: Record<string, number>;
  by_kind: Record<string, number>;
  by_service: Record<string, number>;
  histogram: { seconds: number; buckets: { time: string; total: number; by_level: Record<string, number> }[] };
  missing: number;
}

export type DownloadFormat = "txt" | "json" | "jsonl" | "csv";

export interface Client {
  subscribe(question: Question): Subscription;
  /**
   * Calls `listener` with all services by name, at once and whenever anything changes; the answer ends that. They are null
   * while nobody knows; what was known stays while the next gateway is asked, until that one is lost or refuses, too.
   */
  services(listener: (services: Service[] | null) => void): () => void;
  streams(signal?: AbortSignal): Promise<StreamHorizon[]>;
  /** A page of one stream, or of several merged. */
  page(streams: string | readonly string[], options?: PageOptions): Promise<Page>;
  /** The newest that match, the oldest of them first. */
  latest(stream: string, options?: Omit<PageOptions, "after" | "before" | "order">): Promise<Page>;
  /** A record with as many before and after it. `not_found`: never was; `gone`: not kept any more. */
  context(stream: string, id: string, lines?: number, signal?: AbortSignal): Promise<Page>;
  summary(stream: string, options?: SummaryOptions): Promise<Summary>;
  /** All that matches as a file; the answer's body streams. */
  download(stream: string, format: DownloadFormat, options?: Selection & { signal?: AbortSignal }): Promise<Response>;
  /** Removes all records of a stream; the ID of the last one. It is asked of one gateway: a second time could remove more. */
  clear(stream: string): Promise<string>;
  /**
   * Any other request to a gateway, with the token. Its answer may be a refusal. A gateway that is away or does not answer
   * is passed over, unless the request could be done twice by that: POST, PATCH and DELETE without an `Idempotency-Key`.
   */
  request(path: string, init?: RequestInit): Promise<Response>;
  /** Ends all subscriptions, and whatever listens to services. */
  close(): void;
}
