import { describe, expect, test } from "vitest";
import { missing, until } from "./gateway.ts";
import { Heard } from "./heard.ts";
import { Landscape } from "./landscape.ts";

describe.skipIf(missing)("when a gateway is lost while following", () => {
  const land = new Landscape(2);

  /** Writes numbered records by the second gateway until it is told to stop; gives how many it were. */
  function writing(name: string): () => Promise<number> {
    let stopped = false;
    let count = 0;
    const done = (async () => {
      while (!stopped) {
        await land.at(1).write(name, [String(count + 1), String(count + 2), String(count + 3)]);
        count += 3;
      }
    })();
    return async () => {
      stopped = true;
      await done;
      return count;
    };
  }

  describe.each(["websocket", "sse"] as const)("over %s", (transport) => {
    test.each(["SIGKILL", "SIGTERM"] as const)("by %s, the next one goes on", async (signal) => {
      const name = land.name();
      const heard = new Heard(land.client({ transport }).subscribe({ streams: name }));
      await heard.live();
      const stop = writing(name);
      await heard.has(30);
      await land.gateway.stop(signal);
      await until(() => heard.state.url === land.at(1).url && heard.state.live, "the other gateway");
      const before = heard.records.length;
      await heard.has(before + 30);
      const total = await stop();
      await heard.has(total);
      expect(heard.texts).toEqual(Array.from({ length: total }, (_, index) => String(index + 1)));
      expect(heard.subscription.prove()).toEqual({
        records: total,
        lost: {},
        declared: 0,
        gaps: 0,
        withdrawn: 0,
        duplicates: 0,
        outOfOrder: 0,
        missing: 0,
        unreadable: 0,
        reconnects: 1,
        whole: true,
      });
      await land.gateway.start();
    });
  });

  test.each(["websocket", "sse"] as const)(
    "over %s, the next one takes a cursor of many streams",
    async (transport) => {
      const name = land.name();
      const names = Array.from({ length: 240 }, (_, index) => `${name}:a-run-${index}`);
      const write = (text: string) => Promise.all(names.map((each) => land.at(1).write(each, [text])));
      const heard = new Heard(land.client({ transport }).subscribe({ streams: `${name}:*` }));
      await heard.live();
      await write("before");
      await heard.has(names.length);
      expect(String(heard.state.cursor).length).toBeGreaterThan(9_000);
      await land.gateway.kill();
      await write("behind");
      await heard.has(2 * names.length);
      expect(heard.state.url).toBe(land.at(1).url);
      for (const each of names) {
        const own = heard.records.filter(({ stream }) => stream === each);
        expect(own.map(({ message }) => message)).toEqual(["before", "behind"]);
      }
      expect(heard.subscription.prove()).toMatchObject({ records: 2 * names.length, reconnects: 1, whole: true });
      await land.gateway.start();
    },
  );

  test("one that falls silent is left, and what it kept back comes from the other", async () => {
    const name = land.name();
    const client = land.client({}, undefined, { silence: 6_000 });
    const heard = new Heard(client.subscribe({ streams: name }));
    await heard.live();
    land.gateway.pause();
    try {
      await land.at(1).write(name, ["a", "b"]);
      await heard.has(2);
      const told = heard.states.find(({ connection }) => connection === "disconnected");
      expect(told?.error).toMatchObject({ code: "network", message: "the gateway fell silent" });
      expect(heard.state).toMatchObject({ url: land.at(1).url, reconnects: 1, error: null });
    } finally {
      land.gateway.unpause();
    }
  });

  test("one that never greets is left", async () => {
    land.gateway.pause();
    try {
      const client = land.client({}, undefined, { greeting: 300 });
      const heard = new Heard(client.subscribe({ streams: land.name() }));
      await heard.live();
      expect(heard.state).toMatchObject({ url: land.at(1).url, reconnects: 0 });
    } finally {
      land.gateway.unpause();
    }
  });

  test("what comes next says when, and retry does not wait for it", async () => {
    const name = land.name();
    const client = land.client({ transport: "websocket" }, [land.gateway.url]);
    const heard = new Heard(client.subscribe({ streams: name }));
    await heard.live();
    await land.gateway.kill();
    await until(() => heard.states.filter(({ connection }) => connection === "disconnected").length >= 5, "five tries");
    await heard.is("disconnected");
    expect(heard.state.retryAt).toBeGreaterThan(0);
    expect(heard.state.error).toMatchObject({ code: "network" });
    await land.gateway.start();
    if (heard.state.connection === "disconnected") heard.subscription.retry();
    await heard.live();
    expect(heard.state).toMatchObject({ retryAt: null, error: null, reconnects: 1 });
  });
});
