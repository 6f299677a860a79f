import { describe, expect, test } from "vitest";
import { missing, signed, until } from "./gateway.ts";
import { Heard } from "./heard.ts";
import { Landscape } from "./landscape.ts";

const KEY = "0123456789abcdef0123456789abcdef";
const SETTINGS = { TAILRACE_TOKEN_KEY: KEY, TAILRACE_TOKEN_LEEWAY: "0", TAILRACE_TOKEN_GRACE: "2" };

let made = 0;

/** A token that holds for `seconds`; no two are equal. */
function token(seconds: number, claims: object = {}): string {
  made += 1;
  const actions = ["read", "write", "clear"];
  return signed(KEY, { streams: ["*"], actions, exp: Date.now() / 1000 + seconds, jti: String(made), ...claims });
}

describe.skipIf(missing)("where tokens are asked for", () => {
  const land = new Landscape(1, SETTINGS);
  const write = (name: string, texts: string[]) => land.gateway.write(name, texts, token(60));

  describe.each(["websocket", "sse"] as const)("over %s", (transport) => {
    test("one is enough as long as it holds", async () => {
      const name = land.name();
      await write(name, ["a"]);
      const heard = new Heard(land.client({ transport, token: token(60) }).subscribe({ streams: name, tail: 5 }));
      await heard.live();
      expect(heard.texts).toEqual(["a"]);
    });

    test("without one nothing goes, and that is said", async () => {
      const heard = new Heard(land.client({ transport }).subscribe({ streams: land.name() }));
      const { error } = await heard.is("refused");
      expect(error?.code).toBe("unauthorized");
      expect(error?.message).toContain("a token is needed");
    });

    test("one that does not allow it is refused, and not repeated", async () => {
      const given = token(60, { streams: ["other"] });
      const heard = new Heard(land.client({ transport, token: given }).subscribe({ streams: land.name() }));
      const { error } = await heard.is("refused");
      expect(error?.code).toBe("forbidden");
      expect(JSON.stringify(heard.events) + error?.stack).not.toContain(given);
    });

    test("another is asked for when one expires, and nothing is missed", async () => {
      const name = land.name();
      let asked = 0;
      const getToken = async () => token(asked++ ? 60 : 2);
      const heard = new Heard(land.client({ transport, getToken }).subscribe({ streams: name }));
      await heard.live();
      await write(name, ["a"]);
      await until(() => asked === 2, "that another one is asked for");
      const grace = Date.now() + 3_000;
      let count = 1;
      while (Date.now() < grace) await write(name, [String(count++)]);
      await heard.has(count);
      expect(heard.texts).toEqual(["a", ...Array.from({ length: count - 1 }, (_, index) => String(index + 1))]);
      expect(asked).toBe(2);
      // A WebSocket goes on; an event stream begins anew with the other one.
      expect(heard.subscription.prove()).toMatchObject({ reconnects: transport === "sse" ? 1 : 0, whole: true });
      expect(heard.states.some(({ connection }) => connection === "disconnected")).toBe(false);
    });

    test("one that has expired is replaced once, and then refused", async () => {
      let asked = 0;
      const getToken = () => {
        asked += 1;
        return token(-60);
      };
      const heard = new Heard(land.client({ transport, getToken }).subscribe({ streams: land.name() }));
      const { error } = await heard.is("refused");
      expect([error?.code, asked]).toEqual(["unauthorized", 2]);
    });

    test("one that comes only later is waited for", async () => {
      const name = land.name();
      let asked = 0;
      const getToken = async () => {
        asked += 1;
        if (asked < 3) throw new Error("not signed in");
        return token(60);
      };
      const heard = new Heard(land.client({ transport, getToken }).subscribe({ streams: name }));
      await heard.live();
      const errors = heard.states.map(({ error }) => error?.message);
      expect(errors).toContain("getToken failed: Error: not signed in");
      expect(heard.state).toMatchObject({ transport, error: null });
    });
  });

  test("one that allows other things is for another connection", async () => {
    const name = land.name();
    let asked = 0;
    const getToken = () => token(asked ? 60 : 2, asked++ ? { query: "-b" } : {});
    const heard = new Heard(land.client({ transport: "websocket", getToken }).subscribe({ streams: name }));
    await heard.live();
    await write(name, ["a"]);
    await until(() => heard.state.reconnects === 1 && heard.state.live, "the other connection");
    await write(name, ["b", "c"]);
    await heard.has(2);
    expect(heard.texts).toEqual(["a", "c"]);
    // What the token's query leaves out is not missing.
    expect(heard.subscription.prove()).toMatchObject({ missing: 0, whole: true });
  });

  test("what a token's query leaves out is not missing", async () => {
    const name = land.name();
    await write(name, ["a", "b", "c"]);
    const client = land.client({ token: token(60, { query: "-b" }) });
    const heard = new Heard(client.subscribe({ streams: name, after: "0-0" }));
    await heard.live();
    expect(heard.texts).toEqual(["a", "c"]);
    expect(heard.subscription.prove()).toMatchObject({ records: 2, missing: 0, reconnects: 0, whole: true });
  });

  test("requests take one along, and another where it is not good", async () => {
    const name = land.name();
    await write(name, ["a"]);
    let asked = 0;
    const client = land.client({ getToken: () => token(asked++ ? 60 : -60) });
    expect((await client.latest(name)).records.map(({ message }) => message)).toEqual(["a"]);
    expect(asked).toBe(2);
    const narrow = land.client({ token: token(60, { actions: ["read"] }) });
    await expect(narrow.clear(name)).rejects.toMatchObject({ code: "forbidden", status: 403 });
    await expect(land.client().latest(name)).rejects.toMatchObject({ code: "unauthorized", status: 401 });
  });

  test("no address ever has one", async () => {
    const name = land.name();
    await write(name, ["a"]);
    const given = token(60);
    const addresses: string[] = [];
    const client = land.client({
      token: given,
      transport: "sse",
      fetch: (input, init) => {
        addresses.push(String(input));
        return fetch(input, init);
      },
    });
    const heard = new Heard(client.subscribe({ streams: name, tail: 1 }));
    await heard.live();
    await client.latest(name);
    expect(addresses.length).toBe(2);
    expect(addresses.join()).not.toContain(given);
  });
});
