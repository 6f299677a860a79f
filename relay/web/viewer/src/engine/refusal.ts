import type { TailraceError } from "@tailrace/client";
import type { Refusal } from "./protocol.ts";

/** What was wrong, as the page shows it. */
export function refusalOf(error: unknown): Refusal {
  const { code = "failed", parameter = "", position = null, length = null } = error as Partial<TailraceError>;
  return { code, message: error instanceof Error ? error.message : String(error), parameter, position, length };
}

/** An error that a message can carry: of one with a class of its own only the text would arrive. */
export function plain(error: TailraceError | null): TailraceError | null {
  if (!error) return null;
  const { name, code, message, status, parameter, position, length } = error;
  return { name, code, message, status, parameter, position, length };
}
