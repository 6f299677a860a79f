import type { Service } from "@tailrace/client";
import type { Frame } from "../engine/protocol.ts";
import type { Clock } from "../state/preferences.ts";
import { timeOf } from "./words.ts";

/** How long nobody needs to know, in ms: most gateways that go are followed by another at once. */
export const PATIENCE = 5_000;

/** What goes wrong, and what can be done: bring a token, or try at once. It stays the same as long as it is the same: screen
 * readers read it again whenever it changes. */
export interface Trouble {
  what: string;
  advice: string;
  remedy: "token" | "retry" | null;
}

/** What is known of the connection. */
export interface Situation {
  frame: Frame | null;
  services: readonly Service[] | null;
  /** The gateway waits for another token. */
  tokenWanted: boolean;
  /** The page was opened with a token, or has been given one. */
  hadToken: boolean;
  /** Since when no gateway answers, and since when nobody knows the services; in ms since 1970. */
  away: number | null;
  unknown: number | null;
  now: number;
  clock: Clock;
}

/** The worst of it; null when all is well. What is wrong with a query stands under the query. */
export function troubleIn(situation: Situation): Trouble | null {
  const { frame } = situation;
  return tokenTrouble(situation) ?? (frame && refusalOf(frame)) ?? awayTrouble(situation) ?? redisTrouble(situation);
}

function tokenTrouble({ frame, tokenWanted, hadToken }: Situation): Trouble | null {
  const codes = [frame?.refusal?.code, frame?.state.connection === "refused" ? frame.state.error?.code : undefined];
  if (!tokenWanted && !codes.includes("unauthorized")) return null;
  const what = hadToken ? "This token has expired, or is not good." : "This gateway asks for a token.";
  const advice = hadToken ? "Paste another one" : "Paste one";
  return { what, advice, remedy: "token" };
}

function refusalOf({ refusal, state }: Frame): Trouble | null {
  if (refusal) return isSaidElsewhere(refusal.parameter) ? null : refused(refusal.code, refusal.message);
  if (state.connection !== "refused" || !state.error || isSaidElsewhere(state.error.parameter)) return null;
  return refused(state.error.code, state.error.message);
}

/** Under the query, and where the page says around which record it is. */
function isSaidElsewhere(parameter: string | undefined): boolean {
  return parameter === "query" || parameter === "id";
}

function refused(code: string, message: string): Trouble {
  if (code === "forbidden") {
    return {
      what: sentence(message),
      advice: "Choose other sources, or paste a token that allows it",
      remedy: "token",
    };
  }
  if (code === "too_many") {
    return { what: sentence(message), advice: "Close other pages of this gateway, or wait a little.", remedy: "retry" };
  }
  return { what: sentence(message), advice: code === "unavailable" ? REDIS_ADVICE : "", remedy: null };
}

const REDIS_ADVICE = "Agents keep what they record and send it when Redis is back; see that it runs.";

function awayTrouble({ frame, away, now, clock }: Situation): Trouble | null {
  if (away === null || now - away < PATIENCE) return null;
  const since = timeOf(away, clock, now);
  const error = frame?.state.error;
  if (error?.code === "unavailable") {
    return { what: `Redis has not answered since ${since}.`, advice: REDIS_ADVICE, remedy: "retry" };
  }
  const why = error ? ` ${sentence(error.message)}` : "";
  return { what: `No gateway has answered since ${since}.${why}`, advice: KEPT, remedy: "retry" };
}

const KEPT = "What comes meanwhile stays in Redis, and nothing of it will be missing.";

/** The gateway answers, and says that it does not know the services. */
function redisTrouble({ services, unknown, now }: Situation): Trouble | null {
  if (services || unknown === null || now - unknown < PATIENCE) return null;
  return {
    what: "The gateway does not know how the services are: Redis does not answer it.",
    advice: REDIS_ADVICE,
    remedy: null,
  };
}

function sentence(text: string): string {
  const said = text.trim();
  return said && `${said.charAt(0).toUpperCase()}${said.slice(1)}${/[.!?]$/.test(said) ? "" : "."}`;
}
