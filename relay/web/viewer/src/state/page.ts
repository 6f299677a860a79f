import { signal } from "@preact/signals";
import { Engine } from "../engine/engine.ts";
import { gatewaysOf, takeToken } from "./session.ts";

/** What the page was opened with; "" without. Another may have come since. */
export const token = takeToken(location, history);

/** This page's gateways; the first one served it. */
export const gateways = gatewaysOf(location, token);

/** Whether a link may be followed without a token, as a download straight to disk is: until somebody brings one. */
export const isOpen = signal(token === "");

export const engine = new Engine(
  () => new Worker(new URL("../engine/worker.ts", import.meta.url), { type: "module" }),
  gateways,
  token,
);
