import { TailraceError } from "./errors.ts";

/** How a connection ended. */
export interface Ending {
  /** A close code (docs/PROTOCOL.md, B7), or the status of an answer; 0: it was lost without one. */
  code: number;
  reason: string;
  /** ms that the gateway wants us to wait, where it says so. */
  wait?: number | undefined;
  /** What it said before. */
  error?: TailraceError | undefined;
}

/**
 * What to do then. `later`: come again, after `delayBefore`. `token`: with another token. `elsewhere`: not to this gateway
 * as it is. `never`: no gateway takes this.
 */
export type Next = "later" | "token" | "elsewhere" | "never";

const GOING_AWAY = 3000;

const SECOND = 1_000; // ms
const SHORTEST = 500; // ms
const LONGEST = 20_000; // ms
// A day, in ms, whatever a gateway says: a timer of more than 2^31 would not wait at all.
const MOST = 86_400_000;

const NEXT: Record<number, Next> = { 400: "never", 401: "token", 403: "elsewhere" };

const NAMES: Record<number, string> = {
  401: "unauthorized",
  403: "forbidden",
  404: "not_found",
  410: "gone",
  429: "too_many",
};

/** The status that says the same as a close code, where there is one. */
function statusOf(code: number): number {
  if (code >= 4000) return code - 3600;
  if (code === 3003) return 503;
  // Below 3000 three say that the same bytes would be wrong again: no frames, no UTF-8, too many.
  return code >= 3500 || code === 1002 || code === 1007 || code === 1009 ? 400 : code;
}

/** What the error is called that a status or close code is. */
export function nameOf(code: number): string {
  const status = statusOf(code);
  if (status < 400 || status >= 1000) return "network";
  return NAMES[status] ?? (status < 500 ? "bad_request" : "unavailable");
}

/** What an ending asks for. */
export function nextAfter(code: number): Next {
  return NEXT[statusOf(code)] ?? "later";
}

/** ms until the next try, in full jitter: clients of a dead gateway do not come to the next one all at once. */
export function delayBefore(attempts: number, { code, reason, wait }: Ending, random = Math.random): number {
  if (code === GOING_AWAY && attempts === 0) return 0;
  const status = statusOf(code);
  // A gateway without Redis, or one that is asked too much, is not asked again at once.
  const seconds = /in (\d{1,5}) s/.exec(reason)?.[1] ?? Number(status === 429 || status === 503);
  const asked = Math.min(wait ?? Number(seconds) * SECOND, MOST);
  return asked + random() * Math.min(LONGEST, SHORTEST * 2 ** attempts);
}

/** The error that an ending is. */
export function errorOf({ code, reason, error }: Ending): TailraceError {
  return error ?? new TailraceError(nameOf(code), reason || "the connection was lost", { status: code || undefined });
}
