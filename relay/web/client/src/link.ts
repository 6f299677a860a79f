import type { Ending } from "./retrying.ts";

/** Hears a connection. `ended` is the last word. After `close` something may still come: it is to be passed over. */
export interface Ears {
  opened?(): void;
  heard(text: string): void;
  /** Something came, though no whole message yet. */
  alive?(): void;
  ended(ending: Ending): void;
}

/** One connection to a gateway. */
export interface Link {
  /** Null where nothing can be said to the gateway. */
  readonly send: ((text: string) => void) | null;
  close(): void;
}
