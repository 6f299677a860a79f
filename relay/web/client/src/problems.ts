import type { TailraceError } from "./errors.ts";
import { readError } from "./messages.ts";
import { type Ending, nameOf } from "./retrying.ts";

/** The error that an answer is, with what its problem details say (RFC 9457). */
export async function problemOf(answer: Response): Promise<TailraceError> {
  const { status } = answer;
  const found: object | null = await answer.json().catch(() => null);
  return readError({ ...found, code: nameOf(status) }, status);
}

/** How a refused event stream ended. */
export async function endingOf(answer: Response): Promise<Ending> {
  const error = await problemOf(answer);
  const seconds = Number(answer.headers.get("Retry-After"));
  return { code: answer.status, reason: "", error, wait: seconds > 0 ? seconds * 1000 : undefined };
}
