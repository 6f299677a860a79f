import { type Client, TailraceError } from "@tailrace/client";
import type * as Answering from "./answers.ts";
import type { Answers } from "./protocol.ts";
import type { Reading } from "./reading.ts";

type Asked = Answering.Asked;

let answering: typeof Answering | null = null;

/** Loads what answers the page's questions: for the first records it is not waited for. Where that fails, the next question tries again. */
export async function loadAnswers(): Promise<typeof Answering> {
  answering ??= await import("./answers.ts").catch((cause: unknown) => {
    throw new TailraceError("network", "a part of the page was not loaded, since no gateway answers", { cause });
  });
  return answering;
}

/** What a command asks for; of a reading, where there is one. */
export async function answerTo(
  asked: Asked,
  reading: () => Reading | null,
  client: Client,
): Promise<Answers[Asked["type"]]> {
  const { answerTo } = answering ?? (await loadAnswers());
  return answerTo(asked, reading(), client);
}
