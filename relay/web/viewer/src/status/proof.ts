import type { Proof } from "@tailrace/client";
import { count, number } from "./numbers.ts";

const REASONS: Record<string, string> = {
  trimmed: "removed by retention",
  cleared: "cleared by somebody",
  epoch: "times that Redis lost the numbering",
  fork: "withdrawn by a failover",
  agent_dropped: "dropped by agents for want of room",
  unreadable: "unreadable",
};

/** `0 lost · 0 duplicated · 1 reconnect`. */
export function proofLine(proof: Proof): string {
  return `${number(proof.declared)} lost · ${number(proof.duplicates)} duplicated · ${count(proof.reconnects, "reconnect")}`;
}

/** What breaks the promise, in words; nothing while it holds. */
export function broken(proof: Proof): string[] {
  const found: [number, string][] = [
    [proof.missing, "missing without a gap"],
    [proof.duplicates, "duplicated"],
    [proof.outOfOrder, "out of order"],
    [proof.unreadable, proof.unreadable === 1 ? "message that made no sense" : "messages that made no sense"],
  ];
  return found.filter(([much]) => much > 0).map(([much, what]) => `${number(much)} ${what}`);
}

/** What was declared lost, by reason. */
export function declared(proof: Proof): string[] {
  const found = Object.entries(proof.lost).filter(([, much]) => much > 0);
  return found.map(([reason, much]) => `${number(much)} ${REASONS[reason] ?? reason}`);
}
