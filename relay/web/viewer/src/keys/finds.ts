import type { Service } from "@tailrace/client";
import { savedViews } from "../query/saved.ts";
import { allActions } from "../state/actions.ts";
import { readView } from "../state/address.ts";
import { engine } from "../state/page.ts";
import { look } from "../state/view.ts";
import { type Fit, fit } from "./fuzzy.ts";

/** Something that the palette finds. */
export interface Find {
  kind: "Action" | "Service" | "Stream" | "View";
  name: string;
  /** What stands beside it: keys of an action, health of a service. */
  keys: readonly string[];
  detail: string;
  run: () => void;
}

export interface Found extends Find {
  fit: Fit;
}

/** Rows that the palette shows: nobody reads further down, they type another letter. */
const SHOWN = 50;

/** All there is to find now. */
export function allFinds(): Find[] {
  const services = engine.services.peek() ?? [];
  const streams = [...new Set([...services.flatMap((each) => each.streams), ...(engine.frame.peek()?.streams ?? [])])];
  return [...actionFinds(), ...savedFinds(), ...services.map(serviceFind), ...streams.sort().map(streamFind)];
}

/** The best of them first; all, in their order, for nothing. */
export function search(wanted: string, finds: readonly Find[]): Found[] {
  const found = finds.flatMap((find) => {
    const fitting = fit(wanted, find.name);
    return fitting ? [{ ...find, fit: fitting }] : [];
  });
  return found.sort((one, other) => other.fit.score - one.fit.score).slice(0, SHOWN);
}

function actionFinds(): Find[] {
  return allActions()
    .filter((action) => action.name !== "palette" && (action.when?.() ?? true))
    .map(({ label, keys, run }) => ({ kind: "Action", name: label, keys, detail: "", run }));
}

function savedFinds(): Find[] {
  return savedViews.peek().map(({ name, address }) => ({
    kind: "View",
    name,
    keys: [],
    detail: "",
    run: () => look(readView(address), { step: true }),
  }));
}

function serviceFind({ service, health }: Service): Find {
  const run = () => look({ services: [service], streams: [], record: "", run: "" }, { step: true });
  return { kind: "Service", name: service, keys: [], detail: health, run };
}

function streamFind(stream: string): Find {
  const run = () => look({ services: [], streams: [stream], record: "", run: "" }, { step: true });
  return { kind: "Stream", name: stream, keys: [], detail: "", run };
}
