import { expect, test } from "vitest";
import { Backlog } from "../src/backlog.ts";
import type { StreamEvent, SubscriptionState } from "../src/events.ts";
import type { LogRecord } from "../src/records.ts";

function records(count: number): StreamEvent {
  return { type: "records", stream: "api", records: new Array<LogRecord>(count), cursor: "0-0" };
}

function state(reconnects: number): StreamEvent {
  return { type: "state", state: { reconnects } as SubscriptionState };
}

test("events are taken in their order, now or when they come", async () => {
  const backlog = new Backlog();
  const [a, b, c] = [records(1), records(2), records(3)];
  backlog.put(a, 1);
  const taken = [backlog.take(), backlog.take(), backlog.take()];
  backlog.put(b, 1);
  backlog.put(c, 1);
  expect((await Promise.all(taken)).map(({ value }) => value)).toEqual([a, b, c]);
});

test("of states that nobody has seen only the last is kept", async () => {
  const backlog = new Backlog();
  for (const event of [state(1), state(2), records(1), state(3), state(4)]) backlog.put(event, 0);
  expect(backlog.takeAll()).toEqual([state(2), records(1), state(4)]);
});

test("it is full of so many characters, and low when most are taken", async () => {
  const backlog = new Backlog();
  for (let count = 0; count < 3; count += 1) {
    expect(backlog.full).toBe(false);
    backlog.put(records(1), 3 << 20);
  }
  expect([backlog.full, backlog.low]).toEqual([true, false]);
  await backlog.take();
  expect([backlog.full, backlog.low]).toEqual([false, false]);
  backlog.takeAll();
  expect([backlog.full, backlog.low]).toEqual([false, true]);
});

test("after its end what waits is taken, and then nothing", async () => {
  const backlog = new Backlog();
  backlog.put(records(1), 1);
  backlog.end();
  expect(await backlog.take()).toEqual({ value: records(1), done: false });
  expect(await backlog.take()).toEqual({ value: undefined, done: true });
});

test("who waits when it ends waits no more", async () => {
  const backlog = new Backlog();
  const taken = backlog.take();
  backlog.end();
  expect(await taken).toEqual({ value: undefined, done: true });
});
