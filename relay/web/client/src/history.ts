import type { Client, Page, Summary } from "./client.ts";
import { type Asked, names } from "./question.ts";
import type { Gap, LogRecord, StreamHorizon } from "./records.ts";
import type { Requests } from "./requests.ts";

/** What a client gives of the past. */
export type History = Pick<
  Client,
  "streams" | "page" | "latest" | "context" | "summary" | "download" | "clear" | "request"
>;

interface Answer {
  records: LogRecord[];
  next: string | null;
  previous?: string | null;
  gaps: (Omit<Gap, "stream"> & { stream?: string })[];
}

/** History as gateways give it: docs/PROTOCOL.md, B6. */
export function historyOf({ ask, json, send }: Requests): History {
  /** A page; only where several streams are merged do gaps name theirs. */
  const read = (path: string, stream: string, asked: Asked): Promise<Page> =>
    json(path, asked, ({ records, next, previous = null, gaps }: Answer) => ({
      records: [...records],
      next,
      previous,
      gaps: gaps.map((gap) => ({ stream, ...gap })),
    }));

  return {
    streams: (signal) => json("api/streams", { signal }, ({ streams }: { streams: StreamHorizon[] }) => [...streams]),

    page(streams, options = {}) {
      const asked = names(streams);
      return /[*?,]/.test(asked)
        ? read("api/records", "", { ...options, streams: asked })
        : read(recordsOf(asked), asked, options);
    },

    latest: (stream, options = {}) => read(`${recordsOf(stream)}/latest`, stream, options),

    context: (stream, id, lines, signal) => read(`${recordsOf(stream)}/context`, stream, { id, lines, signal }),

    summary: (stream, options = {}) => json(`${recordsOf(stream)}/summary`, options, (summary: Summary) => summary),

    download: (stream, format, options = {}) => ask(`${recordsOf(stream)}/download`, { ...options, format }),

    clear: (stream) => json(recordsOf(stream), { method: "DELETE" }, ({ cleared }: { cleared: string }) => cleared),

    request: (path, init) => send(path, {}, init),
  };
}

function recordsOf(stream: string): string {
  return `api/streams/${encodeURIComponent(stream)}/records`;
}
