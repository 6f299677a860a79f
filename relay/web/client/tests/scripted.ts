// A gateway whose every word a test says itself, to see what a client makes of it.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

export interface Visit {
  /** What was asked for. */
  address: URL;
  say(message: object | string): void;
  close(code: number, reason?: string): void;
  /** What the client said, message by message. */
  heard: string[];
}

/** Answers a WebSocket; `count` is how many came before. */
type Script = (visit: Visit, count: number) => void;

export class ScriptedGateway {
  readonly url: string;
  readonly visits: Visit[] = [];
  readonly #server: Server;

  private constructor(server: Server, sockets: WebSocketServer, script: Script) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    sockets.on("connection", (socket, request) => {
      const visit = visitOf(socket, new URL(request.url ?? "/", this.url));
      this.visits.push(visit);
      script(visit, this.visits.length - 1);
    });
  }

  /** @param answer of any other request; 404 unless given. */
  static async start(
    script: Script,
    answer: (request: IncomingMessage, response: ServerResponse) => void = (_, response) =>
      response.writeHead(404).end(),
  ): Promise<ScriptedGateway> {
    const server = createServer(answer);
    const sockets = new WebSocketServer({ server });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new ScriptedGateway(server, sockets, script);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function visitOf(socket: WebSocket, address: URL): Visit {
  const heard: string[] = [];
  socket.on("message", (data) => heard.push(String(data)));
  return {
    address,
    heard,
    say: (message) => socket.send(typeof message === "string" ? message : JSON.stringify(message)),
    close: (code, reason) => socket.close(code, reason),
  };
}

export function hello(cursor: string, more: object = {}): object {
  return { type: "hello", protocol: 1, gateway: "scripted", streams: [], complete: true, cursor, ...more };
}

export function records(...numbers: number[]): object {
  const cursor = `9-${numbers.at(-1)}~e~0`;
  const rest = { time: "2025-11-21T00:00:00.000000Z", level: "INFO", level_number: 20, stream: "api", producer: "p" };
  const made = numbers.map((n) => ({ id: `9-${n}`, ...rest, message: `m${n}`, seq: n }));
  return { type: "records", stream: "api", records: made, cursor };
}

export function gap(reason: string, count: number | null, after: number, before: number, cursor: string): object {
  return { type: "gap", stream: "api", count, after: `9-${after}`, before: `9-${before}`, reason, cursor };
}
