import type { EngineQuestion } from "./protocol.ts";

/** Whether only the query differs. */
export function isAlike(question: EngineQuestion, other: EngineQuestion): boolean {
  return JSON.stringify({ ...question, query: "" }) === JSON.stringify({ ...other, query: "" });
}

/** Whether only further streams are asked for. */
export function isWider(question: EngineQuestion, other: EngineQuestion): boolean {
  const { streams, query } = other;
  if (question.query !== query || !isAlike({ ...question, streams }, other)) return false;
  return streams.every((stream) => question.streams.includes(stream));
}
