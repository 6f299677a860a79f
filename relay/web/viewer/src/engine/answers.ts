import type { Client } from "@tailrace/client";
import { copyOf, fileOf } from "./copying.ts";
import { histogramOf } from "./histogram.ts";
import type { Answers, CallName, Command } from "./protocol.ts";
import type { Reading } from "./reading.ts";
import { located, stepFrom } from "./stepping.ts";

/** A command that is answered. */
export type Asked = Extract<Command, { ask: number }>;

const CALLS: readonly CallName[] = ["streams", "page", "latest", "summary", "clear"];

/** What a command asks for; of a reading, where there is one. */
export function answerTo(asked: Asked, reading: Reading | null, client: Client): Promise<Answers[Asked["type"]]> {
  if (asked.type === "download") return download(client, asked.call);
  if (asked.type === "call") return call(client, asked.name, asked.call);
  if (!reading) throw new Error("nothing is read yet: choose a service or a stream");
  return Promise.resolve(ofReading(asked, reading));
}

function ofReading(asked: Exclude<Asked, { type: "download" | "call" }>, reading: Reading) {
  if (asked.type === "record") return reading.recordOf(asked.key);
  const list = reading.lists.of(asked.list);
  switch (asked.type) {
    case "older":
      return reading.older(asked.list);
    case "newer":
      return reading.newer(asked.list);
    case "step":
      return stepFrom(list, asked.from, asked.forward, asked.to, asked.value);
    case "locate":
      return located(list, asked);
    case "copy":
      return copyOf(list, asked.as, asked.from, asked.to);
    case "file":
      return fileOf(list, asked.as, asked.from, asked.to);
    case "histogram":
      return histogramOf(list, asked.buckets);
  }
}

async function download(client: Client, args: Parameters<Client["download"]>): Promise<Blob> {
  return (await client.download(...args)).blob();
}

async function call(client: Client, name: CallName, args: unknown[]): Promise<unknown> {
  if (!CALLS.includes(name)) throw new Error(`'${name}' cannot be called; right would be one of ${CALLS.join(", ")}`);
  // Whoever calls has the types of these very parameters.
  return (client[name] as (...args: unknown[]) => Promise<unknown>)(...args);
}
