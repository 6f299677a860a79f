import { expect, test } from "vitest";
import { Choice } from "../src/transport.ts";

function after(choice: Choice, failures: number): string {
  for (let count = 0; count < failures; count += 1) choice.failed();
  return choice.transport;
}

test("where no WebSocket ever got through, SSE is tried after the second", () => {
  const choice = new Choice("auto", true);
  expect([choice.transport, after(choice, 1), after(choice, 1)]).toEqual(["websocket", "websocket", "sse"]);
});

test("where one did, after the fourth in a row", () => {
  const choice = new Choice("auto", true);
  choice.through();
  expect(after(choice, 3)).toBe("websocket");
  choice.through();
  expect([after(choice, 3), after(choice, 1)]).toEqual(["websocket", "sse"]);
});

test("while nothing gets through, both are tried in turn", () => {
  const choice = new Choice("auto", true);
  after(choice, 2);
  expect([after(choice, 1), after(choice, 1), after(choice, 1)]).toEqual(["websocket", "sse", "websocket"]);
});

test("SSE stays when it got through and is lost, until a WebSocket is known to get through", () => {
  const choice = new Choice("auto", true);
  after(choice, 2);
  choice.through();
  expect(choice.transport).toBe("sse");
  choice.back();
  expect([choice.transport, after(choice, 3)]).toEqual(["websocket", "websocket"]);
});

test.each([
  ["websocket", true, "websocket"],
  ["sse", true, "sse"],
  ["auto", false, "sse"],
] as const)("%s (a WebSocket there is: %s) is always %s", (wanted, possible, transport) => {
  const choice = new Choice(wanted, possible);
  expect([choice.free, choice.transport, after(choice, 10)]).toEqual([false, transport, transport]);
});
