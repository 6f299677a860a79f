import type { Client } from "@tailrace/client";
import type { Capacity } from "./holding.ts";
import type { Known } from "./known.ts";

/** What all questions of a page share. */
export interface Shared {
  client: Client;
  known: Known;
  capacity: Capacity;
  /** Gives numbers that are never given again. */
  key: () => number;
  /** Records that are marked, as `<stream>/<id>`. */
  marks: ReadonlySet<string>;
  /** Something is different. */
  changed: () => void;
  /** Records or gaps came that nobody had asked for one by one. */
  arrived: () => void;
  /** Something failed that nobody asked for by name. */
  failed: (error: unknown) => void;
}
