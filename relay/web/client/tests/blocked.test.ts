import { createServer, request, type Server } from "node:http";
import { type AddressInfo, connect as dial, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect } from "../src/index.ts";
import { missing, until } from "./gateway.ts";
import { Heard } from "./heard.ts";
import { Landscape } from "./landscape.ts";

/** A proxy before a gateway that lets WebSockets through, or does not. */
class BlockingProxy {
  open = false;
  /** Event streams that go on. */
  streaming = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(target: () => string) {
    this.#server = createServer((incoming, answer) => {
      const { method, url, headers } = incoming;
      const onward = request(`${target()}${url}`, { method, headers }, (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        if (response.headers["content-type"]?.startsWith("text/event-stream")) {
          this.streaming += 1;
          answer.on("close", () => {
            this.streaming -= 1;
          });
        }
        response.pipe(answer);
      });
      onward.on("error", () => answer.destroy());
      answer.on("close", () => onward.destroy());
      incoming.pipe(onward);
    });
    this.#server.on("upgrade", (incoming, socket: Socket) => {
      if (!this.open) return socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      const onward = dial(Number(new URL(target()).port), "127.0.0.1");
      const lines = Object.entries(incoming.headers).map(([name, value]) => `${name}: ${value}`);
      onward.write(`${incoming.method} ${incoming.url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
      for (const end of [socket, onward]) {
        this.#sockets.add(end);
        end.on("error", () => end.destroy());
      }
      socket.pipe(onward).pipe(socket);
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

describe.skipIf(missing)("where a proxy lets no WebSocket through", () => {
  const land = new Landscape(1);
  const proxy = new BlockingProxy(() => land.gateway.url);
  let address = "";

  beforeAll(async () => {
    address = await proxy.start();
  });
  afterAll(() => proxy.stop());

  test("an event stream is followed, and a WebSocket as soon as it gets through, without loss or doubling", async () => {
    const name = land.name();
    await land.gateway.write(name, ["0"]);
    const client = land.client({}, [address], { probe: 300 });
    const heard = new Heard(client.subscribe({ streams: name, after: "0-0" }));
    await heard.live();
    expect(heard.state).toMatchObject({ transport: "sse", reconnects: 0 });

    let total = 1;
    const write = async () => {
      await land.gateway.write(name, [String(total), String(total + 1)]);
      total += 2;
    };
    // Some probes fail meanwhile, and nobody notices.
    const until600 = Date.now() + 600;
    while (Date.now() < until600) await write();
    expect(heard.state).toMatchObject({ transport: "sse", reconnects: 0 });

    proxy.open = true;
    while (heard.state.transport !== "websocket" || !heard.state.live) await write();
    await write();
    await heard.has(total);
    expect(heard.texts).toEqual(Array.from({ length: total }, (_, index) => String(index)));
    expect(heard.subscription.prove()).toMatchObject({ records: total, reconnects: 1, whole: true });
    expect(heard.states.filter(({ connection }) => connection === "disconnected").length).toBe(2);
  });

  test("services are followed as well, and by a WebSocket as soon as it gets through", async () => {
    proxy.open = false;
    const told: unknown[] = [];
    land.client({}, [address], { probe: 300 }).services((services) => told.push(services));
    await until(() => told.length > 1, "the services");
    expect([told, proxy.streaming]).toEqual([[null, []], 1]);
    proxy.open = true;
    await until(() => told.length > 2, "the services again");
    expect([told, proxy.streaming]).toEqual([[null, [], []], 0]);
  });

  test.skipIf(globalThis.WebSocket)("where the runtime has none, an event stream is followed at once", async () => {
    const client = connect(address);
    const heard = new Heard(client.subscribe({ streams: land.name() }));
    await heard.live();
    expect(heard.state.transport).toBe("sse");
    expect(heard.states.every(({ connection }) => connection === "connected")).toBe(true);
    client.close();
    expect(() => connect(address, { transport: "websocket" })).toThrow(/^this runtime has no WebSocket/);
  });
});
