import { TailraceError } from "./errors.ts";

// ms; a getToken that fetches one and hears nothing must be called again.
const PATIENCE = 60_000;

// What fits a header and a subprotocol. Anything else would be refused by the runtime in an error that repeats it.
const TOKEN = /^[\w.~+-]+$/;

/** The token of a client, shared by all its connections and requests. */
export class Credentials {
  #token: string | undefined;
  readonly #getToken: (() => string | Promise<string>) | undefined;
  #asking: Promise<string> | null = null;

  constructor(token?: string, getToken?: () => string | Promise<string>) {
    this.#token = token ? checked(token) : undefined;
    this.#getToken = getToken;
  }

  /** The token to use; undefined where none is needed. */
  async current(): Promise<string | undefined> {
    if (this.#token || !this.#getToken) return this.#token;
    this.#asking ??= this.#ask(this.#getToken).finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  /** A token in place of `stale`, or the same where there is no other. It is asked for once, however many need it. */
  async renewed(stale: string | undefined): Promise<string | undefined> {
    if (this.#getToken && this.#token === stale) this.#token = undefined;
    return this.current();
  }

  async #ask(getToken: () => string | Promise<string>): Promise<string> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      const late = new Promise<never>((_, fail) => {
        timer = setTimeout(fail, PATIENCE, "no token came");
      });
      this.#token = checked(await Promise.race([getToken(), late]));
      return this.#token;
    } catch (cause) {
      throw new TailraceError("unauthorized", `getToken failed: ${cause}`, { cause });
    } finally {
      clearTimeout(timer);
    }
  }
}

function checked(token: string): string {
  if (typeof token === "string" && TOKEN.test(token)) return token;
  throw new TailraceError("unauthorized", "not a JSON web token");
}
