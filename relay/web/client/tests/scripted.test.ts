import { afterEach, describe, expect, test, vi } from "vitest";
import { type Client, connect } from "../src/index.ts";
import { until } from "./gateway.ts";
import { Heard } from "./heard.ts";
import { NodeWebSocket } from "./landscape.ts";
import { gap, hello, records, ScriptedGateway, type Visit } from "./scripted.ts";

const START = "9-0~e~0";

describe("a gateway that says something strange", () => {
  const open: (Client | ScriptedGateway)[] = [];

  afterEach(async () => {
    for (const each of open.splice(0)) await ("stop" in each ? each.stop() : each.close());
  });

  async function following(script: (visit: Visit, count: number) => void) {
    const gateway = await ScriptedGateway.start(script);
    const client = connect(gateway.url, { WebSocket: NodeWebSocket, transport: "websocket" });
    open.push(client, gateway);
    const heard = new Heard(client.subscribe({ streams: "api", after: "0-0" }));
    return {
      client,
      heard,
      gateway,
      asked: () => gateway.visits.map(({ address }) => address.searchParams.get("after")),
    };
  }

  test("is asked again for what made no sense, and goes on", async () => {
    const { heard, asked } = await following((visit, count) => {
      visit.say(hello(count ? "9-1~e~0" : START));
      if (count) return visit.say(records(2, 3));
      visit.say(records(1));
      visit.say('{"type":"records","stream":"api","rec');
    });
    await heard.has(3);
    expect(heard.texts).toEqual(["m1", "m2", "m3"]);
    expect(asked()).toEqual(["0-0", "9-1~e~0"]);
    expect(heard.states.map(({ error }) => error?.code)).toContain("unreadable");
    expect(heard.subscription.prove()).toMatchObject({ records: 3, unreadable: 1, duplicates: 0, missing: 0 });
    expect(heard.subscription.prove().whole).toBe(false);
  });

  test("is followed past what makes no sense each time", async () => {
    const { heard, gateway } = await following((visit, count) => {
      visit.say(hello(count ? "9-1~e~0" : START));
      if (!count) visit.say(records(1));
      visit.say("?");
      visit.say(records(3));
    });
    await heard.has(2);
    expect(heard.gaps).toEqual([{ stream: "api", count: 1, after: null, before: "9-3", reason: "missing" }]);
    expect(heard.subscription.prove()).toMatchObject({ records: 2, missing: 1, duplicates: 0, whole: false });
    expect(gateway.visits.length).toBe(3);
  });

  test("is asked again for what did not come, by the cursor before it", async () => {
    const { heard, asked } = await following((visit, count) => {
      visit.say(hello(count ? "9-2~e~0" : START));
      if (count) return visit.say(records(3, 4, 5));
      visit.say(records(1, 2));
      visit.say(records(5));
    });
    await heard.has(5);
    expect(heard.texts).toEqual(["m1", "m2", "m3", "m4", "m5"]);
    expect(asked()).toEqual(["0-0", "9-2~e~0"]);
    expect(heard.states.map(({ error }) => error?.message)).toContain("records 3 to 4 of 'api' did not come");
    expect(heard.subscription.prove()).toMatchObject({ records: 5, missing: 0, reconnects: 1, whole: true });
  });

  test("that lacks the same again is believed, and what is missing is said", async () => {
    const { heard, gateway } = await following((visit, count) => {
      visit.say(hello(count ? "9-2~e~0" : START));
      if (!count) visit.say(records(1, 2));
      visit.say(records(5, 6));
      visit.say(records(7));
    });
    await heard.has(5);
    expect(heard.events.filter(({ type }) => type !== "state").map(({ type }) => type)).toEqual([
      "records",
      "gap",
      "records",
      "records",
    ]);
    expect(heard.gaps).toEqual([{ stream: "api", count: 2, after: null, before: "9-5", reason: "missing" }]);
    expect(heard.subscription.prove()).toMatchObject({ records: 5, missing: 2, declared: 0, whole: false });
    expect(gateway.visits.length).toBe(2);
  });

  test("that lacks the same again in one of several streams is believed, however busy another one is", async () => {
    const of = (stream: string, ...numbers: number[]) => {
      const { records: made } = records(...numbers) as { records: object[] };
      const place = (name: string, n: number) => `~${name}~9-${n}~e~0`;
      const cursor = `0${stream === "busy" ? place("api", 1) + place("busy", numbers[0] ?? 0) : place("api", 5)}`;
      return { type: "records", stream, records: made.map((record) => ({ ...record, stream })), cursor };
    };
    const gateway = await ScriptedGateway.start((visit, count) => {
      visit.say(hello(`0~api~9-1~e~0~busy~9-${count}~e~0`));
      visit.say(of("busy", count + 1));
      visit.say("?");
      visit.say(of("api", 5));
    });
    const client = connect(gateway.url, { WebSocket: NodeWebSocket });
    open.push(client, gateway);
    const heard = new Heard(client.subscribe({ streams: "*" }));
    await until(() => heard.texts.includes("m5") || gateway.visits.length > 9, "what comes behind the hole");
    expect([heard.gaps, gateway.visits.length]).toEqual([
      [{ stream: "api", count: 3, after: null, before: "9-5", reason: "missing" }],
      3,
    ]);
  });

  test("that is live again is asked once more for what makes no sense", async () => {
    const { heard, gateway } = await following((visit, count) => {
      visit.say(hello(`9-${count}~e~0`));
      visit.say(records(count + 1));
      visit.say({ type: "status", state: "live", cursor: `9-${count + 1}~e~0` });
      if (count < 2) visit.say("?");
    });
    await heard.has(3);
    expect([heard.texts, gateway.visits.length]).toEqual([["m1", "m2", "m3"], 3]);
  });

  test("whose heartbeat is ahead is asked for what did not come", async () => {
    const { heard, asked } = await following((visit, count) => {
      visit.say(hello(count ? "9-1~e~0" : START));
      if (count) return visit.say(records(2));
      visit.say(records(1));
      visit.say({ type: "heartbeat", time: "", cursor: "9-2~e~0" });
    });
    await heard.has(2);
    expect(asked()).toEqual(["0-0", "9-1~e~0"]);
    expect(heard.subscription.prove()).toMatchObject({ records: 2, missing: 0, whole: true });
  });

  test("that says things twice is heard once", async () => {
    const { heard } = await following((visit) => {
      visit.say(hello(START));
      visit.say(records(1, 2));
      visit.say(records(1, 2, 3));
      visit.say(gap("trimmed", 2, 3, 6, "9-5~e~0"));
      visit.say(gap("trimmed", 2, 3, 6, "9-5~e~0"));
      visit.say(records(6));
    });
    await heard.has(4);
    expect(heard.texts).toEqual(["m1", "m2", "m3", "m6"]);
    expect(heard.subscription.prove()).toMatchObject({ records: 4, duplicates: 2, lost: { trimmed: 2 }, gaps: 1 });
  });

  test("that takes records back is believed", async () => {
    const { heard } = await following((visit) => {
      visit.say(hello(START));
      visit.say(records(1, 2, 3));
      visit.say(gap("fork", 2, 1, 2, "9-1~e~5"));
      visit.say(records(2));
    });
    await heard.has(4);
    expect(heard.gaps).toMatchObject([{ reason: "fork", after: "9-1", count: 2 }]);
    expect(heard.subscription.prove()).toMatchObject({ records: 2, withdrawn: 2, declared: 0, whole: true });
  });

  test("in words of a later protocol is passed over", async () => {
    const { heard } = await following((visit) => {
      visit.say({ type: "weather", sun: true });
      visit.say(hello(START, { moon: true }));
      visit.say({ type: "weather", sun: true });
      visit.say(gap("melted", 2, 0, 3, "9-2~e~0"));
      visit.say(records(3));
    });
    await heard.has(1);
    expect(heard.subscription.prove()).toMatchObject({ lost: { melted: 2 }, declared: 2, unreadable: 0, whole: true });
  });

  test.each([
    [3501, "bad_request", "tail"],
    [1009, "bad_request", undefined],
    [4003, "forbidden", undefined],
  ])("by closing with %i is not asked again", async (code, name, parameter) => {
    const { heard, gateway } = await following((visit) => {
      if (parameter) visit.say({ type: "error", code: name, message: "no such tail", parameter });
      visit.close(code, "no such tail");
    });
    const { error, retryAt } = await heard.is("refused");
    expect(error).toMatchObject({ code: name, message: "no such tail" });
    expect([error?.parameter, retryAt, gateway.visits.length]).toEqual([parameter, null, 1]);
    heard.subscription.retry();
    await until(() => gateway.visits.length === 2, "that it is tried when somebody asks for it");
  });

  test("that has too many clients is asked after as long as it says", async () => {
    const { heard } = await following((visit) => visit.close(4029, "5 connections are open; come again in 7 s"));
    const { retryAt, error } = await heard.is("disconnected");
    expect(Number(retryAt) - Date.now()).toBeGreaterThan(6_000);
    expect(error).toMatchObject({ code: "too_many", status: 4029 });
  });

  test("that dies of each question is asked ever later", async () => {
    const { heard, gateway } = await following((visit) => {
      visit.say(hello(START));
      visit.close(3002, "the gateway failed within");
    });
    await until(() => gateway.visits.length >= 4, "four tries");
    await until(() => heard.state.connection === "disconnected", "the next wait");
    // Each wait is drawn anew, up to twice as long as the one before could be.
    expect(Number(heard.state.retryAt) - Date.now()).toBeLessThanOrEqual(500 * 2 ** gateway.visits.length);
    expect(heard.subscription.prove().reconnects).toBeGreaterThanOrEqual(2);
  });

  test("that refuses is passed over as long as another one may not", async () => {
    const refusing = await ScriptedGateway.start((visit) => visit.close(4003, "pages of this origin may not"));
    const taking = await ScriptedGateway.start((visit) => visit.say(hello(START)));
    const client = connect([refusing.url, taking.url], { WebSocket: NodeWebSocket });
    open.push(client, refusing, taking);
    const heard = new Heard(client.subscribe({ streams: "api" }));
    expect((await heard.is("connected")).url).toBe(taking.url);
    expect(refusing.visits.length).toBe(1);
  });

  test.each(["connected", "disconnected"] as const)("is asked no more by who closes when it is %s", async (when) => {
    const { client, heard, gateway } = await following((visit, count) => {
      visit.say(hello(START));
      visit.say(records(1));
      if (!count) visit.close(3000);
    });
    heard.subscription.listen((event) => {
      if (event.type === "state" && event.state.connection === when) heard.subscription.close();
    });
    await heard.is("closed");
    // Another connection of the same client is made only after any that this one would have made.
    const other = new Heard(client.subscribe({ streams: "api" }));
    await other.has(1);
    expect(gateway.visits.length).toBe(2);
    expect(heard.texts).toEqual(when === "connected" ? [] : ["m1"]);
    expect(heard.events.at(-1)).toMatchObject({ type: "state", state: { connection: "closed" } });
  });

  test("may be held while it speaks, and nothing of what it said is lost", async () => {
    const { heard, asked } = await following((visit, count) => {
      visit.say(hello(count ? "9-2~e~0" : START));
      visit.say(count ? records(3) : records(1, 2));
    });
    const stop = heard.subscription.listen((event) => event.type === "records" && heard.subscription.hold());
    await heard.is("held");
    stop();
    heard.subscription.resume();
    await heard.has(3);
    expect([heard.texts, asked()]).toEqual([
      ["m1", "m2", "m3"],
      ["0-0", "9-2~e~0"],
    ]);
  });

  test("is asked at once when the machine is online again", async () => {
    const machine = new EventTarget();
    vi.stubGlobal("addEventListener", machine.addEventListener.bind(machine));
    vi.stubGlobal("removeEventListener", machine.removeEventListener.bind(machine));
    try {
      const { heard, gateway } = await following((visit, count) => {
        if (count) visit.say(hello(START));
        else visit.close(4029, "too many; come again in 9999 s");
      });
      await heard.is("disconnected");
      machine.dispatchEvent(new Event("online"));
      await heard.is("connected");
      heard.subscription.close();
      machine.dispatchEvent(new Event("online"));
      expect([heard.state.connection, gateway.visits.length]).toEqual(["closed", 2]);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  test("that only pings has not greeted", async () => {
    const { connectWith } = await import("../src/connect.ts");
    const gateway = await ScriptedGateway.start(
      () => {},
      (_, answer) => {
        answer.writeHead(200, { "Content-Type": "text/event-stream" });
        const pings = setInterval(() => answer.write(": ping\n\n"), 20);
        answer.on("close", () => clearInterval(pings));
      },
    );
    const times = { greeting: 200, silence: 60_000, probe: 60_000 };
    const client = connectWith(gateway.url, { transport: "sse" }, times);
    open.push(client, gateway);
    const heard = new Heard(client.subscribe({ streams: "api" }));
    expect((await heard.is("disconnected")).error?.message).toBe("the gateway does not greet");
  });

  test("in long pieces gets more patience, else it would never be heard", async () => {
    const { connectWith } = await import("../src/connect.ts");
    const gateway = await ScriptedGateway.start((visit, count) => {
      visit.say(hello(START));
      // As long as what comes is under way, nothing is heard.
      setTimeout(() => visit.say(records(1)), count < 2 ? 60_000 : 500).unref();
    });
    const times = { greeting: 5_000, silence: 200, probe: 60_000 };
    const client = connectWith(gateway.url, { WebSocket: NodeWebSocket }, times);
    open.push(client, gateway);
    const heard = new Heard(client.subscribe({ streams: "api" }));
    await heard.has(1);
    expect(gateway.visits.length).toBeGreaterThanOrEqual(3);
  });
});
