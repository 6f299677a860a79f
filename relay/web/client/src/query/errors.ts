import { TailraceError } from "../errors.ts";

/** A query cannot be read: what is wrong and what would be right, and where. */
export class QueryError extends TailraceError {
  /** In characters (code points) from the query's beginning, counted from 0; `span` makes an index of it. */
  declare readonly position: number;
  /** How many characters are meant, 0 or more. */
  declare readonly length: number;

  constructor(message: string, position: number, length = 0) {
    super("bad_request", message, { parameter: "query", position, length });
    this.name = "QueryError";
  }
}

/**
 * Where an error's `position` and `length` are in `text`: as indices of JavaScript, for `slice` and selections. Also of
 * a TailraceError, when a gateway refused the query; the end of the text, where there is no position.
 */
export function span(text: string, error: { position?: number | undefined; length?: number | undefined }): Span {
  const characters = [...text];
  const position = error.position ?? characters.length;
  const start = characters.slice(0, position).join("").length;
  return [start, start + characters.slice(position, position + (error.length ?? 0)).join("").length];
}

/** From the first index up to, not including, the second. */
export type Span = [start: number, end: number];

/** How many characters Python counts. */
export function characters(text: string): number {
  return [...text].length;
}
