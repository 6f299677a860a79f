import { signal } from "@preact/signals";
import { token } from "./page.ts";

/** What a token says that it allows (docs/API.md, "Permissions"). Only gateways decide: this spares a try in vain. */
export interface Rights {
  actions: string[];
  /** Names and globs. */
  streams: string[];
}

/** Of the newest token of this page; null without one, or when it cannot be read. */
export const rights = signal<Rights | null>(rightsOf(token));

/** Reads a JSON web token; null for what is none. */
export function rightsOf(token: string): Rights | null {
  try {
    const payload = (token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/");
    const bytes = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof claims !== "object" || claims === null) return null;
    const { actions, streams } = claims as Record<string, unknown>;
    return { actions: textsIn(actions) ?? ["read"], streams: textsIn(streams) ?? [] };
  } catch {
    // Another kind of token: what it allows is the gateway's to say.
    return null;
  }
}

/** Whether it is worth trying to clear streams; `unknown` rights are tried. */
export function mayClear(known: Rights | null): boolean {
  return !known || known.actions.includes("clear");
}

function textsIn(value: unknown): string[] | null {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : null;
}
