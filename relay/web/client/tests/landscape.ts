// What a test file needs: a Redis, gateways before it, and clients that are closed after each test.

import { afterAll, afterEach, beforeAll } from "vitest";
import WebSocket from "ws";
import type { ConnectOptions } from "../src/client.ts";
import { connectWith } from "../src/connect.ts";
import type { Client } from "../src/index.ts";
import type { Times } from "../src/line.ts";
import { Gateway, Redis } from "./gateway.ts";

/** For Node before 22, which has none. */
export const NodeWebSocket = WebSocket as unknown as typeof globalThis.WebSocket;

const TIMES: Times = { greeting: 5_000, silence: 15_000, probe: 60_000 };

export class Landscape {
  readonly gateways: Gateway[] = [];
  readonly #clients: Client[] = [];
  #redis: Redis | undefined;
  #names = 0;

  /** For the tests of the suite that it is made in. */
  constructor(count: number, environment: Record<string, string> = {}) {
    beforeAll(async () => {
      this.#redis = await Redis.start();
      for (let made = 0; made < count; made += 1)
        this.gateways.push(await Gateway.start(this.#redis, this.gateways[0]?.prefix, environment));
    });
    afterEach(() => {
      for (const client of this.#clients.splice(0)) client.close();
    });
    afterAll(async () => {
      await Promise.all(this.gateways.map((gateway) => gateway.stop()));
      await this.#redis?.stop();
    });
  }

  get gateway(): Gateway {
    return this.at(0);
  }

  at(index: number): Gateway {
    const gateway = this.gateways[index];
    if (!gateway) throw new Error(`there is no gateway ${index}`);
    return gateway;
  }

  /** A stream of its own for each test. */
  name(): string {
    this.#names += 1;
    return `s${this.#names}`;
  }

  /** A client of all gateways, or of `urls`. */
  client(options: ConnectOptions = {}, urls?: string[], times: Partial<Times> = {}): Client {
    const addresses = urls ?? this.gateways.map(({ url }) => url);
    const client = connectWith(addresses, { WebSocket: NodeWebSocket, ...options }, { ...TIMES, ...times });
    this.#clients.push(client);
    return client;
  }
}
