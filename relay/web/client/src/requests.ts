import { TailraceError } from "./errors.ts";
import { addressAt } from "./gateways.ts";
import type { Setup } from "./line.ts";
import { problemOf } from "./problems.ts";
import { type Asked, asking, type Parameters } from "./question.ts";

/** Requests to whichever gateway answers. */
export interface Requests {
  /** The answer of the first gateway that gives one, whatever it says; with another token where one was not good. */
  send(path: string, parameters: Parameters, init?: RequestInit): Promise<Response>;
  /** An answer that is not a refusal. */
  ask(path: string, asked: Asked): Promise<Response>;
  /** What `read` makes of an answer; where it throws, the answer was not what was asked for. */
  json<T, R>(path: string, asked: Asked, read: (found: T) => R): Promise<R>;
}

/** @param check throws where nothing may be asked any more. */
export function requestsOf({ gateways, credentials, fetch, times }: Setup, check: () => void): Requests {
  async function anywhere(address: Parameters, path: string, init: RequestInit, token?: string): Promise<Response> {
    const headers = new Headers(init.headers);
    if (token) headers.set("Authorization", `Bearer ${token}`);
    // What cannot be asked twice without perhaps being done twice is asked once. Records that came after a stream was
    // cleared would be gone with the second time.
    const once = /^(post|patch|delete)$/i.test(init.method ?? "") && !headers.has("Idempotency-Key");
    const asked = once ? [gateways.best] : gateways.inOrder();
    let cause: unknown;
    for (const gateway of asked) {
      const last = gateway === asked.at(-1);
      const abort = new AbortController();
      // One that is frozen never answers. Of the last one nobody knows whether it only has much to do.
      const timer = last ? undefined : setTimeout(() => abort.abort(), times.silence);
      // Runtimes of before 2024 may have no `any`; there nothing but the caller's own signal gives a request up.
      const signal = AbortSignal.any?.([abort.signal, init.signal ?? abort.signal]) ?? (init.signal as AbortSignal);
      try {
        const answer = await fetch(addressAt(gateway, path, address), { ...init, headers, signal });
        // Else it is not there for what stands before it, or it has no Redis: another one may.
        if (last || answer.status < 502 || answer.status > 504) {
          gateways.best = gateway;
          return answer;
        }
        abort.abort();
      } catch (failure) {
        if (init.signal?.aborted) throw failure;
        cause = failure;
      } finally {
        clearTimeout(timer);
      }
    }
    throw new TailraceError("network", "no gateway answers", { cause });
  }

  const requests: Requests = {
    async send(path, parameters, init = {}) {
      check();
      const token = await credentials.current();
      const answer = await anywhere(parameters, path, init, token);
      const other = answer.status === 401 ? await credentials.renewed(token) : token;
      return other === token ? answer : anywhere(parameters, path, init, other);
    },

    async ask(path, asked) {
      const { method, signal } = asked;
      // To `fetch`, what is undefined is absent.
      const answer = await requests.send(path, asking(asked), { method, signal } as RequestInit);
      if (!answer.ok) throw await problemOf(answer);
      return answer;
    },

    async json(path, asked, read) {
      const answer = await requests.ask(path, asked);
      return answer
        .json()
        .then(read)
        .catch((cause: unknown) => {
          throw asked.signal?.aborted
            ? cause
            : new TailraceError("unreadable", `the answer to ${path} makes no sense`, { cause });
        });
    },
  };
  return requests;
}
