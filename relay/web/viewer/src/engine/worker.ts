// The engine's side of the page: receives, holds and filters records away from the thread that draws.
import { Exchange } from "./exchange.ts";
import type { Command, Report } from "./protocol.ts";

const page = globalThis as unknown as {
  onmessage: ((event: MessageEvent<Command>) => void) | null;
  postMessage: (report: Report) => void;
};

let exchange: Exchange | null = null;

page.onmessage = ({ data: command }) => {
  try {
    if (command.type === "begin")
      exchange ??= new Exchange(command.gateways, command.token, (report) => page.postMessage(report));
    else exchange?.hear(command);
  } catch (error) {
    exchange?.fail(error);
  }
};

page.postMessage({ type: "begun" });

// What fails in between, such as in a listener, must be seen as well.
globalThis.addEventListener("error", (event) => exchange?.fail((event as ErrorEvent).error));
globalThis.addEventListener("unhandledrejection", (event) => exchange?.fail((event as PromiseRejectionEvent).reason));
