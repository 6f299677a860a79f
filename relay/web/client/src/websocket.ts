import type { Ears, Link } from "./link.ts";

/** A gateway's WebSocket. The token goes as a subprotocol, which no log of addresses has. */
export function openWebSocket(Socket: typeof WebSocket, address: URL, token: string | undefined, ears: Ears): Link {
  const url = address.href.replace("http", "ws");
  try {
    const socket = new Socket(url, token ? ["tailrace", `bearer.${token}`] : []);
    socket.onopen = () => ears.opened?.();
    socket.onmessage = ({ data }) => ears.heard(String(data));
    socket.onclose = ({ code, reason }) => ears.ended({ code, reason });
    // What follows is a close; without a listener, runtimes that have events of Node's kind would end the process.
    socket.onerror = () => {};
    return { send: (text) => socket.send(text), close: () => socket.close() };
  } catch {
    // The runtime's own text may repeat what it was given.
    queueMicrotask(() => ears.ended({ code: 0, reason: "this runtime opens no WebSocket to that address" }));
    return { send: null, close: () => {} };
  }
}
