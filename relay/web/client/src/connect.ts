import type { Client, ConnectOptions } from "./client.ts";
import { Credentials } from "./credentials.ts";
import { TailraceError } from "./errors.ts";
import { Gateways } from "./gateways.ts";
import { historyOf } from "./history.ts";
import type { Times } from "./line.ts";
import { requestsOf } from "./requests.ts";
import { Services } from "./services.ts";
import { Following } from "./subscription.ts";

const TIMES: Times = { greeting: 5_000, silence: 15_000, probe: 60_000 };

/**
 * A client of one gateway, or of several before the same Redis: any of them goes on where another left off.
 *
 * Each subscription has a connection of its own: a slow or refused one holds up no other, and gateways share the work
 * between equal questions anyway.
 *
 * @param urls addresses such as `http://127.0.0.1:8000`; in a page also a path, as `/`.
 * @throws TailraceError `bad_request`: an address is none, or the runtime lacks the transport asked for; `unauthorized`: a
 * token is none.
 */
export function connect(urls: string | readonly string[], options: ConnectOptions = {}): Client {
  return connectWith(urls, options, TIMES);
}

/** As `connect`, with other patience: for tests. */
export function connectWith(urls: string | readonly string[], options: ConnectOptions, times: Times): Client {
  const { transport = "auto", token, getToken, WebSocket: Socket = globalThis.WebSocket } = options;
  if (transport === "websocket" && !Socket)
    throw new TailraceError("bad_request", "this runtime has no WebSocket: pass one, or the transport 'sse'");
  const setup = {
    gateways: new Gateways(urls),
    credentials: new Credentials(token, getToken),
    transport,
    Socket,
    // Looked up at each call, since a page may put another one in place, and never called as a method of ours.
    fetch: options.fetch ?? ((...asked: Parameters<typeof fetch>) => globalThis.fetch(...asked)),
    times,
  };
  let closed = false;
  const check = () => {
    if (closed) throw new TailraceError("closed", "this client is closed");
  };
  const services = new Services(setup);
  const subscriptions = new Set<Following>();
  return {
    ...historyOf(requestsOf(setup, check)),
    subscribe(question) {
      check();
      const subscription = new Following(setup, question, () => subscriptions.delete(subscription));
      subscriptions.add(subscription);
      return subscription;
    },
    services(listener) {
      check();
      return services.listen(listener);
    },
    close() {
      closed = true;
      for (const subscription of subscriptions) subscription.close();
      services.close();
    },
  };
}
