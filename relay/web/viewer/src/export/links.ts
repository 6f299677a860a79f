import type { DownloadFormat } from "@tailrace/client";
import type { EngineQuestion } from "../engine/protocol.ts";

/** The address of a record, good on any gateway; `gateway` ends with a slash. */
export function permalink(gateway: string, record: string): string {
  // Names of streams and IDs have no character that an address would need to escape.
  return `${gateway}r/${record}`;
}

/** The gateway's file of all that a stream has and a question selects. */
export function downloadLink(
  gateway: string,
  stream: string,
  format: DownloadFormat,
  question: EngineQuestion,
): string {
  const parameters = new URLSearchParams({ format });
  for (const [name, value] of Object.entries(selectionOf(question))) parameters.set(name, value);
  return `${gateway}api/streams/${encodeURIComponent(stream)}/records/download?${parameters}`;
}

/** What of a question selects records of history. */
export function selectionOf({ query, since, until }: EngineQuestion): {
  query?: string;
  since?: string;
  until?: string;
} {
  return { ...(query && { query }), ...(since && { since }), ...(until && { until }) };
}
