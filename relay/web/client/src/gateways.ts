import { TailraceError } from "./errors.ts";

/** A gateway's address. */
export interface Gateway {
  /** As it was given. */
  readonly url: string;
  /** What paths are added to; ends with a slash. */
  readonly base: string;
}

/** The gateways of a client, and the one that answered last: all its requests begin there. */
export class Gateways {
  readonly all: readonly Gateway[];
  best: Gateway;

  constructor(urls: string | readonly string[]) {
    this.all = [urls].flat().map(gatewayAt);
    this.best = this.all[0] ?? gatewayAt("");
  }

  /** The one that follows in turn, of those that are not left out; undefined when all are. */
  after(gateway: Gateway, out: Set<Gateway>): Gateway | undefined {
    const at = this.all.indexOf(gateway) + 1;
    return [...this.all.slice(at), ...this.all.slice(0, at)].find((each) => !out.has(each));
  }

  /** All of them, the one that answered last first. */
  inOrder(): Gateway[] {
    return [this.best, ...this.all.filter((gateway) => gateway !== this.best)];
  }
}

/** An address below a gateway, whatever the path says: a token must never go to another host. */
export function addressAt({ base }: Gateway, path: string, parameters: Record<string, string> = {}): URL {
  const address = new URL(base + path.replace(/^[/\\]+/, ""));
  address.search ||= `${new URLSearchParams(parameters)}`;
  return address;
}

function gatewayAt(url: string): Gateway {
  // A page may name its own gateway by a path.
  const page = globalThis.location?.href;
  const { protocol, host, pathname } = URL.canParse(url, page) ? new URL(url, page) : { protocol: "" };
  if (!/^(http|ws)s?:$/.test(protocol))
    throw new TailraceError("bad_request", `not a gateway's address: '${url}'; right would be http://127.0.0.1:8000`);
  return { url, base: `${protocol.replace("ws", "http")}//${host}${pathname?.replace(/\/*$/, "/")}` };
}
