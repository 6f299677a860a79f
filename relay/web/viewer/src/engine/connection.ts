import { type Client, connect } from "@tailrace/client";

/** This page's client of the gateways, with whatever token there is at the time. */
export class Connection {
  #gateways: string[];
  readonly #wanted: () => void;
  #client: Client;
  #answer: ((token: string) => void) | null = null;
  /** What was answered last: whoever asked may have given up before. */
  #given: string | null = null;

  /** @param wanted called when a token is needed, or another one: `token` brings it. */
  constructor(gateways: string[], token: string, wanted: () => void) {
    this.#gateways = gateways;
    this.#wanted = wanted;
    this.#client = this.#connect(token);
  }

  get client(): Client {
    return this.#client;
  }

  /**
   * Another token; whether the client is another one, so that all that was asked of it has to be asked again. It is for the
   * first gateway alone: whoever made a link to this page may have named the others, and must not get somebody's token.
   */
  renew(token: string): boolean {
    if (this.#answer && this.#gateways.length === 1) {
      this.#answer(token);
      this.#answer = null;
      this.#given = token;
      return false;
    }
    this.#gateways = this.#gateways.slice(0, 1);
    this.#client.close();
    this.#client = this.#connect(token);
    return true;
  }

  close(): void {
    this.#client.close();
  }

  /** Without a token it cannot ask for one: it would where none is needed. */
  #connect(token: string): Client {
    try {
      if (token) return connect(this.#gateways, { token, getToken: () => this.#ask() });
    } catch {
      // No token at all, such as a part of one.
      this.#wanted();
    }
    return connect(this.#gateways);
  }

  #ask(): Promise<string> {
    const given = this.#given;
    this.#given = null;
    if (given) return Promise.resolve(given);
    return new Promise((resolve) => {
      this.#answer = resolve;
      this.#wanted();
    });
  }
}
