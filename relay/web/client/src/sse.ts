import { EventLines } from "./event_lines.ts";
import type { Ears, Link } from "./link.ts";
import { endingOf } from "./problems.ts";
import type { Ending } from "./retrying.ts";

const LOST: Ending = { code: 0, reason: "" };

/** A gateway's event stream, by `fetch`: it takes a token in a header, and runs wherever `fetch` does. */
export function openEvents(fetch: typeof globalThis.fetch, address: URL, token: string | undefined, ears: Ears): Link {
  const abort = new AbortController();
  const headers = { Accept: "text/event-stream", ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  fetch(address, { headers, signal: abort.signal, cache: "no-store" })
    .then(
      (answer) => (answer.ok ? follow(answer, ears) : endingOf(answer)),
      () => LOST,
    )
    .then((ending) => ears.ended(ending));
  return { send: null, close: () => abort.abort() };
}

async function follow({ body }: Response, ears: Ears): Promise<Ending> {
  const decoder = new TextDecoder();
  const lines = new EventLines();
  const reader = body?.getReader();
  const read = () => reader?.read().catch(() => null);
  for (let piece = await read(); piece?.value; piece = await read()) {
    ears.alive?.();
    for (const text of lines.feed(decoder.decode(piece.value, { stream: true }))) ears.heard(text);
  }
  return LOST;
}
