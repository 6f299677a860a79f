/** Where something was wrong; see TailraceError. */
export interface ErrorDetails {
  status?: number | undefined;
  parameter?: string | undefined;
  position?: number | undefined;
  length?: number | undefined;
  cause?: unknown;
}

/** Everything that this package throws or reports. */
export class TailraceError extends Error {
  /**
   * `bad_request` `unauthorized` `forbidden` `not_found` `gone` `too_many` `unavailable`: what the gateway said, the first two
   * also what is wrong before one is asked; `unreadable`: what it said made no sense; `network`: it was not reached;
   * `closed`: this client is closed.
   */
  readonly code: string;
  /** HTTP status or WebSocket close code, where there was one. */
  declare readonly status: number | undefined;
  /** The parameter at fault, such as `query`. */
  declare readonly parameter: string | undefined;
  /** Where in the query, in characters, counted from 0. */
  declare readonly position: number | undefined;
  declare readonly length: number | undefined;

  constructor(code: string, message: string, { cause, ...details }: ErrorDetails = {}) {
    super(message, { cause });
    this.name = "TailraceError";
    this.code = code;
    Object.assign(this, details);
  }
}
