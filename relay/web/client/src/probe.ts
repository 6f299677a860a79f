import { readMessage } from "./messages.ts";
import { openWebSocket } from "./websocket.ts";

/** Whether a WebSocket gets through, beside whatever else is open: it asks for a `pong`, and takes any word but an error. */
export function getsThrough(
  Socket: typeof WebSocket,
  address: URL,
  token: string | undefined,
  timeout: number,
): Promise<boolean> {
  return new Promise((resolve) => {
    const told = (through: boolean) => {
      clearTimeout(timer);
      link.close();
      resolve(through);
    };
    const timer = setTimeout(told, timeout, false);
    const link = openWebSocket(Socket, address, token, {
      opened: () => link.send?.('{"type":"ping"}'),
      // A gateway may speak first, of services.
      heard: (text) => told((readMessage(text)?.type ?? "error") !== "error"),
      ended: () => told(false),
    });
  });
}
