import { LEVEL_CLASSES, type LevelClass } from "../engine/rows.ts";

export const TAILS = [50, 100, 500, 1000] as const;

/** What a page's address says. */
export interface View {
  /** Services, by name; their streams come from the live status. */
  services: string[];
  /** Streams and globs. With neither services nor streams, the first running service is chosen. */
  streams: string[];
  query: string;
  /** None: all. */
  levels: LevelClass[];
  sources: string[];
  tail: number;
  /** RFC 3339 or how long ago, as the gateway has it; "": open. */
  since: string;
  until: string;
  /** One list, or system and audit side by side. */
  panels: "one" | "dual";
  find: string;
  /** `<stream>/<id>` of a record that is looked at in its surroundings; "": live. */
  record: string;
  /** The stream of a run whose page is shown, and which is followed alone; `run:*`: the list of runs; "": none. */
  run: string;
}

export const EMPTY: View = {
  services: [],
  streams: [],
  query: "",
  levels: [],
  sources: [],
  tail: 100,
  since: "",
  until: "",
  panels: "one",
  find: "",
  record: "",
  run: "",
};

const LISTS = ["services", "streams", "sources"] as const;
const TEXTS = ["query", "since", "until", "find", "record", "run"] as const;

/** What is no part of the view and yet stays in the address: reloaded, the page shall find the same gateways. */
const KEPT = ["gateways"] as const;

/** Whether it is one run, not the list of them. */
export function isOneRun(run: string): boolean {
  return run !== "" && !/[*?]/.test(run);
}

/** Whatever cannot be read is as if it were not there. */
export function readView(search: string): View {
  const parameters = new URLSearchParams(search);
  const view: View = { ...EMPTY };
  for (const name of LISTS) view[name] = namesIn(parameters.get(name));
  for (const name of TEXTS) view[name] = parameters.get(name) ?? "";
  const levels = namesIn(parameters.get("levels"));
  view.levels = LEVEL_CLASSES.filter((level) => levels.includes(level));
  const tail = Number(parameters.get("tail"));
  if (TAILS.some((each) => each === tail)) view.tail = tail;
  if (parameters.get("panels") === "dual") view.panels = "dual";
  return view;
}

/** `?…`, or nothing for a view that is empty. Equal views have equal addresses. */
export function writeView(view: View): string {
  return writeParameters(view, new URLSearchParams());
}

/** Like `writeView`, with what `search` says beside the view. A token is never among it. */
export function rewriteView(view: View, search: string): string {
  const before = new URLSearchParams(search);
  const parameters = new URLSearchParams();
  for (const name of KEPT) for (const value of before.getAll(name)) parameters.append(name, value);
  return writeParameters(view, parameters);
}

function writeParameters(view: View, parameters: URLSearchParams): string {
  for (const name of LISTS) if (view[name].length) parameters.set(name, view[name].map(escaped).join(","));
  const levels = LEVEL_CLASSES.filter((level) => view.levels.includes(level));
  if (levels.length) parameters.set("levels", levels.join(","));
  for (const name of TEXTS) if (view[name]) parameters.set(name, view[name]);
  if (view.tail !== EMPTY.tail) parameters.set("tail", String(view.tail));
  if (view.panels !== EMPTY.panels) parameters.set("panels", view.panels);
  const text = legible(parameters.toString());
  return text && `?${text}`;
}

/** A comma within a name has a backslash before it. */
function escaped(name: string): string {
  return name.replace(/[\\,]/g, "\\$&");
}

function namesIn(text: string | null): string[] {
  const names = (text ?? "").match(/(?:[^\\,]|\\.?)+/gsu) ?? [];
  return [...new Set(names.map((name) => name.replace(/\\(.)/gsu, "$1")))];
}

/** These need no escape in the query of an address, and people read addresses. */
function legible(text: string): string {
  return text.replace(/%(3A|2C|2F|40)/g, (code) => decodeURIComponent(code));
}
