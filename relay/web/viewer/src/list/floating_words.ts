import type { Frame, ListName } from "../engine/protocol.ts";
import { count, number } from "../status/numbers.ts";

/** `1,204 new · 3 errors`; "" when there is nothing new. */
export function unseenWords({ records, errors }: { records: number; errors: number }): string {
  if (!records) return "";
  return `${number(records)} new${errors ? ` · ${count(errors, "error")}` : ""}`;
}

/** Why a list has no records; "" when it has. */
export function emptyWords(frame: Frame | null, list: ListName, asked: boolean, query: string): string {
  if (frame?.lists[list].records) return "";
  if (!asked) return "Choose a service or a stream";
  if (!frame || frame.pending || frame.state.connection === "connecting") return "Connecting…";
  if (frame.state.connection === "disconnected") return "Disconnected: another try is on its way";
  if (frame.state.connection === "refused") return "No gateway takes this question as it is";
  if (!frame.state.live && frame.mode === "live") return "Loading…";
  if (query) return "Nothing matches the query";
  return "No logs available";
}
