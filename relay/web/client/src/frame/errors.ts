import { TailraceError } from "../errors.ts";

/** Bytes that are no frame, no publication or no stream ID; the text says what is wrong with them. */
export class FrameError extends TailraceError {
  constructor(message: string, cause?: unknown) {
    super("unreadable", message, { cause });
    this.name = "FrameError";
  }
}
