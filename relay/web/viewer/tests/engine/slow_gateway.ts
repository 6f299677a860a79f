// What stands before a gateway and keeps pages of history back until it is told to let them through, or refuses them.
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { until } from "../../../client/tests/gateway.ts";

export class SlowGateway {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #waiting: (() => void)[] = [];
  #slow = false;
  #failing = false;

  private constructor(gateway: URL) {
    this.#server = createServer(async (request, response) => {
      const isOlder = request.url?.includes("order=desc");
      if (isOlder && this.#failing) {
        response.writeHead(503).end();
        return;
      }
      if (isOlder && this.#slow) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      const answer = await fetch(new URL(request.url ?? "/", gateway));
      response.writeHead(answer.status, { "Content-Type": answer.headers.get("Content-Type") ?? "" });
      response.end(await answer.text());
    });
    // A WebSocket goes through as it is.
    this.#server.on("upgrade", (request, socket: Socket, head) => {
      const other = connect(Number(gateway.port), gateway.hostname);
      const headers = request.rawHeaders.map((text, index) => (index % 2 ? `${text}\r\n` : `${text}: `)).join("");
      other.write(`${request.method} ${request.url} HTTP/1.1\r\n${headers}\r\n`);
      other.write(head);
      other.pipe(socket).pipe(other);
      for (const each of [socket, other]) {
        this.#sockets.add(each);
        each.on("error", () => each.destroy());
      }
    });
  }

  static async start(gateway: string): Promise<SlowGateway> {
    const made = new SlowGateway(new URL(gateway));
    await new Promise<void>((resolve) => made.#server.listen(0, "127.0.0.1", resolve));
    return made;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** From now on pages of older records wait. */
  keepBack(): void {
    this.#slow = true;
  }

  /** Until a page waits. */
  async hasOne(): Promise<void> {
    await until(() => this.#waiting.length > 0, "a page of history to be asked for");
  }

  letThrough(): void {
    this.#slow = false;
    for (const go of this.#waiting.splice(0)) go();
  }

  /** Whether pages of older records are refused, as without Redis. */
  set failing(failing: boolean) {
    this.#failing = failing;
  }

  stop(): void {
    this.letThrough();
    this.#server.close();
    this.#server.closeAllConnections();
    for (const socket of this.#sockets) socket.destroy();
  }
}
