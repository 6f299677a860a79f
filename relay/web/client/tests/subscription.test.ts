import { describe, expect, test } from "vitest";
import type { StreamEvent, Subscription } from "../src/index.ts";
import { missing, until } from "./gateway.ts";
import { Heard } from "./heard.ts";
import { Landscape } from "./landscape.ts";
import { catching } from "./uncaught.ts";

const numbers = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => String(first + index));

describe.skipIf(missing)("a subscription", () => {
  const land = new Landscape(2);

  describe.each(["websocket", "sse"] as const)("over %s", (transport) => {
    test("begins now, and gives what comes", async () => {
      const name = land.name();
      await land.gateway.write(name, ["before"]);
      const heard = new Heard(land.client({ transport }).subscribe({ streams: name }));
      await heard.live();
      await land.gateway.write(name, ["a", "b"]);
      await heard.has(2);
      expect(heard.texts).toEqual(["a", "b"]);
      expect(heard.state).toMatchObject({ connection: "connected", transport, url: land.gateway.url, reconnects: 0 });
      expect(heard.subscription.prove()).toMatchObject({ records: 2, declared: 0, gaps: 0, whole: true });
    });

    test("begins with the last so many", async () => {
      const name = land.name();
      await land.gateway.write(name, ["a", "b", "c"]);
      const heard = new Heard(land.client({ transport }).subscribe({ streams: name, tail: 2 }));
      await heard.live();
      expect(heard.texts).toEqual(["b", "c"]);
    });

    test("begins behind a cursor, and with the first record behind 0-0", async () => {
      const name = land.name();
      const [, second] = await land.gateway.write(name, ["a", "b", "c"]);
      const client = land.client({ transport });
      const behind = new Heard(client.subscribe({ streams: name, after: String(second) }));
      const all = new Heard(client.subscribe({ streams: [name], after: "0-0", tail: 1 }));
      await behind.live();
      await all.live();
      expect([behind.texts, all.texts]).toEqual([["c"], ["a", "b", "c"]]);
    });

    test("begins at a time", async () => {
      const name = land.name();
      const [id] = await land.gateway.write(name, ["a"]);
      const ms = Number(id?.split("-")[0]);
      await until(() => Date.now() > ms + 1, "the next millisecond");
      await land.gateway.write(name, ["b"]);
      const client = land.client({ transport });
      const later = new Heard(client.subscribe({ streams: name, since: ms + 1, tail: 5 }));
      const ago = new Heard(client.subscribe({ streams: name, since: "-1h" }));
      const date = new Heard(client.subscribe({ streams: name, since: new Date(ms - 1000) }));
      await Promise.all([later.live(), ago.live(), date.live()]);
      expect([later.texts, ago.texts, date.texts]).toEqual([["b"], ["a", "b"], ["a", "b"]]);
    });

    test("gives several streams, also those that begin later, and each whole", async () => {
      const name = land.name();
      await land.gateway.write(`${name}.a`, ["a1", "a2"]);
      const heard = new Heard(land.client({ transport }).subscribe({ streams: [`${name}.*`], tail: 10 }));
      await heard.live();
      await land.gateway.write(`${name}.b`, ["b1"]);
      await land.gateway.write(`${name}.a`, ["a3"]);
      await heard.has(4);
      expect([...heard.texts].sort()).toEqual(["a1", "a2", "a3", "b1"]);
      expect(heard.subscription.prove()).toMatchObject({ records: 4, whole: true });
    });

    test("gives what a query selects, and what it leaves out is not missing", async () => {
      const name = land.name();
      const heard = new Heard(land.client({ transport }).subscribe({ streams: name, query: "keep", level: "WARNING" }));
      await heard.live();
      const levels = ["INFO", "ERROR", "WARNING"];
      await land.gateway.write(
        name,
        numbers(1, 30).map((n, index) => ({ message: index % 2 ? `keep ${n}` : n, level: levels[index % 3] })),
      );
      await heard.has(10);
      expect(heard.subscription.prove()).toMatchObject({ records: 10, missing: 0, whole: true });
    });

    test("says what is wrong with a query, and where", async () => {
      const heard = new Heard(land.client({ transport }).subscribe({ streams: land.name(), query: "level:" }));
      const { error, retryAt } = await heard.is("refused");
      expect(error).toMatchObject({ code: "bad_request", parameter: "query", position: 6, length: 0 });
      expect([error?.message, retryAt]).toEqual(["a value is missing here", null]);
    });

    test("says what is wrong with a cursor", async () => {
      const heard = new Heard(land.client({ transport }).subscribe({ streams: land.name(), after: "yesterday" }));
      const { error } = await heard.is("refused");
      expect(error).toMatchObject({ code: "bad_request", parameter: "after" });
    });

    test("lets go and comes back, and misses nothing", async () => {
      const name = land.name();
      const heard = new Heard(land.client({ transport }).subscribe({ streams: name }));
      await heard.live();
      await land.gateway.write(name, ["a"]);
      await heard.has(1);
      heard.subscription.hold();
      expect(heard.state).toMatchObject({ connection: "held", live: false, gateway: null });
      await land.gateway.write(name, ["b", "c"]);
      heard.subscription.resume();
      await heard.has(3);
      expect(heard.texts).toEqual(["a", "b", "c"]);
      expect(heard.subscription.prove()).toMatchObject({ records: 3, reconnects: 0, whole: true });
    });

    test("tells what was cleared, at once and afterwards", async () => {
      const name = land.name();
      const client = land.client({ transport });
      const heard = new Heard(client.subscribe({ streams: name }));
      const away = new Heard(client.subscribe({ streams: name }));
      await Promise.all([heard.live(), away.live()]);
      away.subscription.hold();
      await land.gateway.write(name, ["a", "b"]);
      await heard.has(2);
      const last = await client.clear(name);
      expect(last).toBe(heard.records[1]?.id);
      await until(() => heard.gaps.length, "the clearing");
      expect(heard.gaps).toMatchObject([{ stream: name, reason: "cleared", count: 0, after: last }]);
      await land.gateway.write(name, ["c"]);
      away.subscription.resume();
      await Promise.all([heard.has(3), away.has(1)]);
      expect(away.gaps).toMatchObject([{ stream: name, reason: "cleared", count: 2 }]);
      expect(away.subscription.prove()).toMatchObject({ declared: 2, lost: { cleared: 2 }, gaps: 1, whole: true });
      expect(heard.subscription.prove()).toMatchObject({ declared: 0, records: 3, gaps: 1, whole: true });
    });

    test("tells that a numbering was lost", async () => {
      const name = land.name();
      const client = land.client({ transport });
      const heard = new Heard(client.subscribe({ streams: name }));
      await heard.live();
      await land.gateway.write(name, ["a", "b"]);
      await heard.has(2);
      await client.request(`api/streams/${name}`, { method: "DELETE" });
      await until(() => heard.gaps.length, "the gap");
      await land.gateway.write(name, ["c"]);
      await heard.has(3);
      expect(heard.gaps[0]).toMatchObject({ reason: "epoch", count: null });
      expect(heard.subscription.prove()).toMatchObject({ records: 3, lost: { epoch: 1 }, declared: 0, whole: true });
    });

    test("is closed for ever", async () => {
      const heard = new Heard(land.client({ transport }).subscribe({ streams: land.name() }));
      await heard.live();
      heard.subscription.close();
      expect(heard.states.at(-1)).toMatchObject({ connection: "closed", live: false });
      for (const again of ["resume", "retry", "hold", "close"] as const) heard.subscription[again]();
      expect(heard.state.connection).toBe("closed");
    });
  });

  test("is another state object exactly when the state is another one", async () => {
    const name = land.name();
    const subscription = land.client().subscribe({ streams: name });
    const began = subscription.state;
    expect(began).toEqual({
      connection: "connecting",
      live: false,
      gateway: null,
      url: land.gateway.url,
      transport: "websocket",
      cursor: null,
      reconnects: 0,
      retryAt: null,
      error: null,
    });
    expect(subscription.state).toBe(began);
    const heard = new Heard(subscription);
    await heard.live();
    const live = subscription.state;
    expect(subscription.state).toBe(live);
    expect(heard.states.at(-1)).toBe(live);
    const kinds = heard.states.map(({ connection, live }) => `${connection} ${live}`);
    expect(kinds).toEqual(["connected false", "connected false", "connected true"]);
    expect(heard.states.map(({ cursor }) => cursor !== null)).toEqual([false, true, true]);
  });

  test("is heard twice by a function that listens twice, and once when one of both has ended", async () => {
    const name = land.name();
    const subscription = land.client().subscribe({ streams: name });
    const heard = new Heard(subscription);
    const texts: string[] = [];
    const listener = (event: StreamEvent) => {
      if (event.type === "records") texts.push(...event.records.map(({ message }) => message));
    };
    const stop = subscription.listen(listener);
    subscription.listen(listener);
    await heard.live();
    await land.gateway.write(name, ["a"]);
    await heard.has(1);
    stop();
    await land.gateway.write(name, ["b"]);
    await heard.has(2);
    expect(texts).toEqual(["a", "a", "b"]);
  });

  test("one that fails to listen keeps no other from it", async () => {
    await catching(async (failures) => {
      const name = land.name();
      const subscription = land.client().subscribe({ streams: name });
      const stop = subscription.listen((event) => {
        if (event.type === "records") throw new Error("the page's own mistake");
      });
      const heard = new Heard(subscription);
      await heard.live();
      await land.gateway.write(name, ["a"]);
      await heard.has(1);
      await until(() => failures.length, "the error where uncaught ones go");
      stop();
      await land.gateway.write(name, ["b"]);
      await heard.has(2);
      expect(failures).toMatchObject([{ message: "the page's own mistake" }]);
    });
  });

  describe("as an iterator", () => {
    async function take(subscription: Subscription, count: number): Promise<string[]> {
      const texts: string[] = [];
      for await (const event of subscription) {
        if (event.type === "records") texts.push(...event.records.map(({ message }) => message));
        if (texts.length >= count) break;
      }
      return texts;
    }

    test("gives each event, and is closed when the loop is left", async () => {
      const name = land.name();
      await land.gateway.write(name, ["a", "b", "c"]);
      const subscription = land.client().subscribe({ streams: name, after: "0-0" });
      expect(await take(subscription, 3)).toEqual(["a", "b", "c"]);
      expect(subscription.state.connection).toBe("closed");
      expect(await take(subscription, 1)).toEqual([]);
    });

    test("stays open where somebody listens besides", async () => {
      const name = land.name();
      await land.gateway.write(name, ["a"]);
      const subscription = land.client().subscribe({ streams: name, after: "0-0" });
      const heard = new Heard(subscription);
      expect(await take(subscription, 1)).toEqual(["a"]);
      await heard.is("connected");
      await land.gateway.write(name, ["b"]);
      await heard.has(2);
    });

    test("that is left while it has more than enough goes on for who listens besides", async () => {
      const name = land.name();
      const padding = "x".repeat(50_000);
      for (let part = 0; part < 4; part += 1)
        await land.gateway.write(
          name,
          numbers(1, 60).map((message) => ({ message, fields: { padding } })),
        );
      const subscription = land.client().subscribe({ streams: name, after: "0-0" });
      const iterator = subscription[Symbol.asyncIterator]();
      await until(() => subscription.state.connection === "held", "that it has enough");
      const heard = new Heard(subscription);
      expect(heard.state.connection).toBe("held");
      await iterator.return?.();
      await heard.live();
      expect(subscription.prove()).toMatchObject({ records: 240, whole: true });
    });

    test("gives what came before the loop began", async () => {
      const name = land.name();
      await land.gateway.write(name, ["a", "b"]);
      const subscription = land.client().subscribe({ streams: name, after: "0-0" });
      await until(() => subscription.state.live, "live");
      expect(await take(subscription, 2)).toEqual(["a", "b"]);
    });

    test("ends when the subscription is closed", async () => {
      const client = land.client();
      const taken = take(client.subscribe({ streams: land.name() }), 1);
      client.close();
      expect(await taken).toEqual([]);
    });

    test("of somebody slow leaves the rest in Redis, and loses nothing of it", async () => {
      const name = land.name();
      const total = 5_000;
      const padding = "x".repeat(5_000);
      for (let first = 1; first <= total; first += 250)
        await land.gateway.write(
          name,
          numbers(first, first + 249).map((n) => ({ message: n, fields: { padding } })),
        );
      const subscription = land.client().subscribe({ streams: name, after: "0-0" });
      const iterator = subscription[Symbol.asyncIterator]();
      const seen: string[] = [];
      let connections = 0;
      await until(() => subscription.state.connection === "held", "that it has enough");
      while (seen.length < total) {
        const { value, done } = await iterator.next();
        if (done) break;
        const event: StreamEvent = value;
        if (event.type === "records") seen.push(...event.records.map(({ message }) => message));
        if (event.type !== "state" || event.state.connection !== "connected" || event.state.live) continue;
        connections += 1;
        // Whoever is slow lets what is fetched anew pile up again.
        await until(() => subscription.state.connection === "held" || subscription.state.live, "a pile");
      }
      expect(seen).toEqual(numbers(1, total));
      expect(connections).toBeGreaterThan(2);
      expect(subscription.prove()).toMatchObject({ records: total, reconnects: 0, whole: true });
    });
  });
});
