import type { Service, StreamHorizon } from "@tailrace/client";
import { count, rate } from "../status/numbers.ts";
import { ago, timeOfId } from "../status/words.ts";
import { isStreamOrGlob, type Sources } from "./chosen.ts";
import { RUN } from "./followed.ts";

/** `gone`: chosen, and not heard of any more. */
export type Health = "running" | "degraded" | "down" | "stopped" | "gone";

/** One thing that can be followed. */
export interface Choice {
  kind: keyof Sources;
  name: string;
  chosen: boolean;
  /** Of services, once it is known. */
  health: Health | null;
  /** What is to be said of it, in a few words each; its health comes first, if it has one. */
  facts: string[];
  /** What is wrong with it, likewise. */
  problems: string[];
}

/** Shown at a time; the rest is found by typing. */
export const MOST_CHOICES = 200;

const HEALTHS = { healthy: "running", degraded: "degraded", down: "down", stopped: "stopped" } as const;

const PROBLEMS: Record<string, string> = {
  behind: "waits for Redis",
  losing: "has no room, loses records",
  unhealthy: "container is not well",
};

/** Services, those that are chosen and gone behind them. */
export function serviceChoices(services: readonly Service[] | null, chosen: readonly string[]): Choice[] {
  const listed = (services ?? []).map((service) => choiceOf(service, chosen.includes(service.service)));
  const gone = chosen.filter((name) => !services?.some((each) => each.service === name));
  return [...listed, ...gone.map((name) => goneChoice(name, services !== null))];
}

/** Streams that belong to no service and no run, and whatever else is chosen; `*` before all. */
export function streamChoices(
  streams: readonly StreamHorizon[],
  services: readonly Service[] | null,
  chosen: readonly string[],
  now: number,
): Choice[] {
  const owned = new Set((services ?? []).flatMap((service) => service.streams));
  const free = streams.filter(({ stream }) => !owned.has(stream) && !stream.startsWith(RUN));
  const listed = new Set(free.map(({ stream }) => stream));
  const others = chosen.filter((name) => name !== "*" && !listed.has(name));
  return [
    plain("*", chosen.includes("*"), ["all streams"]),
    ...others.map((name) => plain(name, true, factsOf(streams, name, now))),
    ...free.map(({ stream }) => plain(stream, chosen.includes(stream), factsOf(streams, stream, now))),
  ];
}

/** Those whose names have the text in them, in any case, and the text itself where it could be a stream or a glob. */
export function found(choices: readonly Choice[], text: string): Choice[] {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [...choices];
  return choices.filter(({ name, facts }) => `${name} ${name === "*" ? facts : ""}`.toLowerCase().includes(wanted));
}

/** What was typed as a choice of its own; null where it is one already, or can be none. */
export function typedChoice(text: string, choices: readonly Choice[]): Choice | null {
  const name = text.trim();
  if (!isStreamOrGlob(name) || choices.some((each) => each.name === name)) return null;
  return plain(name, false, [/[*?]/.test(name) ? "all streams whose names fit" : "a stream of this name"]);
}

/** The worst of those that are chosen. */
export function worstHealth(choices: readonly Choice[]): Health | null {
  const healths = choices.filter(({ chosen }) => chosen).map(({ health }) => health);
  return (["down", "gone", "degraded", "stopped", "running"] as const).find((each) => healths.includes(each)) ?? null;
}

function choiceOf(service: Service, chosen: boolean): Choice {
  const { running, exited, lost } = service.instances;
  const health = HEALTHS[service.health];
  const facts = [
    ...(health === "running" ? [] : [health]),
    ...(running ? [`${running} running`] : []),
    ...(exited ? [`${exited} exited`] : []),
    ...(service.rate === null ? [] : [rate(service.rate)]),
  ];
  const problems = [
    ...(lost ? [`${lost} lost`] : []),
    ...(service.error_rate ? [`${rate(service.error_rate).replace("/", " errors/")}`] : []),
    ...service.reasons.filter((reason) => reason !== "lost").map((reason) => PROBLEMS[reason] ?? reason),
  ];
  return { kind: "services", name: service.service, chosen, health, facts, problems };
}

function goneChoice(name: string, known: boolean): Choice {
  const facts = known ? ["gone: not heard of in the last 15 minutes"] : [];
  return { kind: "services", name, chosen: true, health: known ? "gone" : null, facts, problems: [] };
}

function factsOf(streams: readonly StreamHorizon[], name: string, now: number): string[] {
  const horizon = streams.find(({ stream }) => stream === name);
  if (!horizon) return [];
  const newest = horizon.newest === null ? [] : [ago(now - timeOfId(horizon.newest))];
  return [count(horizon.records, "record"), ...newest];
}

function plain(name: string, chosen: boolean, facts: string[]): Choice {
  return { kind: "streams", name, chosen, health: null, facts, problems: [] };
}
