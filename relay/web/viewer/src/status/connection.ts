import type { Connection, SubscriptionState } from "@tailrace/client";
import type { Frame } from "../engine/protocol.ts";
import { broken } from "./proof.ts";
import { duration } from "./words.ts";

/** How a connection looks: `bad` is also one whose records are not whole. */
export type Tone = "good" | "waiting" | "bad";

const WORDS: Record<Connection, string> = {
  connecting: "Connecting",
  connected: "Connected",
  disconnected: "Disconnected",
  held: "Held",
  refused: "Refused",
  closed: "Closed",
};

const MEANINGS: Record<Connection, string> = {
  connecting: "A gateway is being asked.",
  connected: "",
  disconnected: "What was received stays. What comes meanwhile stays in Redis, and is fetched when a gateway answers.",
  held: "The gateway was let go. What comes meanwhile stays in Redis, and is fetched on going on.",
  refused: "No gateway takes this question as it is.",
  closed: "This page follows nothing any more.",
};

const TONES: Record<Connection, Tone> = {
  connecting: "waiting",
  connected: "good",
  disconnected: "bad",
  held: "waiting",
  refused: "bad",
  closed: "bad",
};

/** The word for it; before the first frame it connects. */
export function connectionWord(frame: Frame | null): string {
  return WORDS[frame?.state.connection ?? "connecting"];
}

/** What it means, where the word does not say so. */
export function connectionMeaning(state: SubscriptionState): string {
  if (state.connection === "connected")
    return state.live ? "All that was kept has come; what comes now is new." : "Catching up.";
  return [MEANINGS[state.connection], state.error?.message].filter(Boolean).join(" ");
}

export function toneOf(frame: Frame | null): Tone {
  if (!frame) return "waiting";
  return isWhole(frame) ? TONES[frame.state.connection] : "bad";
}

/** Whether the promise holds for what arrived. */
export function isWhole(frame: Frame): boolean {
  return frame.proof.whole && !broken(frame.proof).length;
}

/** `in 3 s`, or "" when no try is waited for. */
export function nextTry(state: SubscriptionState, now: number): string {
  return state.retryAt === null ? "" : `in ${Math.max(0, Math.ceil((state.retryAt - now) / 1000))} s`;
}

/** Since when no gateway has answered; null while one does, or while none is wanted. */
export function awaySince(before: number | null, connection: Connection, now: number): number | null {
  return connection === "connecting" || connection === "disconnected" ? (before ?? now) : null;
}

/** ms, in words; a dash for what is not known. */
export function lagOf(lag: number | null): string {
  return lag === null ? "–" : duration(lag);
}
