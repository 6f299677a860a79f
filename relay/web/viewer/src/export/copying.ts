import { engine, gateways } from "../state/page.ts";
import { question, view } from "../state/view.ts";
import { chosenText, currentRecord } from "./chosen.ts";
import { copyText } from "./clipboard.ts";
import { tailCommand } from "./command.ts";
import { permalink } from "./links.ts";
import { say } from "./notice.ts";

/** Copies what was chosen, as text or as a JSON array. */
export async function copyRecords(as: "text" | "json"): Promise<void> {
  const chosen = chosenText(as);
  await copyText(chosen.then(({ text }) => text));
  const { records } = await chosen;
  say(`Copied ${records === 1 ? "1 record" : `${records} records`} as ${as === "json" ? "JSON" : "text"}.`);
}

/** Copies the command that shows the same in a terminal. */
export async function copyCommand(): Promise<void> {
  const asked = question.peek();
  if (!asked) throw new Error("Choose a service or a stream first.");
  const command = tailCommand(gateway(), asked, Date.now());
  await copyText(command);
  say(`Copied: ${command}`);
}

/** Copies a link to the record that keys start from; without one, to the view. */
export async function copyLink(): Promise<void> {
  const record = (await currentRecord()) ?? view.peek().record;
  await copyText(record ? permalink(gateway(), record) : viewLink());
  say(record ? `Copied a link to the record ${record}.` : "Copied a link to this view.");
}

/** This page's address; it never has a token, which was taken out of it. */
export function viewLink(): string {
  return location.href;
}

/** The gateway of links: the one that served the page, whoever is connected at the moment. */
function gateway(): string {
  return gateways[0] ?? engine.frame.peek()?.state.url ?? location.href;
}
