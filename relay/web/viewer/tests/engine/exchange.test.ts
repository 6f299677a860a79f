// @vitest-environment node
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { Gateway, missing, Redis, signed, until } from "../../../client/tests/gateway.ts";
import type { EngineQuestion } from "../../src/engine/protocol.ts";
import { Page } from "./page.ts";
import { SlowGateway } from "./slow_gateway.ts";

describe.skipIf(missing)("the exchange between page and gateway", () => {
  let redis: Redis;
  let gateway: Gateway;
  let guarded: Gateway | null = null;
  let slow: SlowGateway | null = null;
  let streams = 0;
  const pages: Page[] = [];

  beforeAll(async () => {
    redis = await Redis.start();
    gateway = await Gateway.start(redis);
  });
  afterEach(async () => {
    for (const page of pages.splice(0)) page.exchange.close();
    await guarded?.stop();
    guarded = null;
    slow?.stop();
    slow = null;
  });
  afterAll(async () => {
    await gateway?.stop();
    await redis?.stop();
  });

  const stream = () => `s${++streams}`;

  /** A token that is good for an hour. */
  const tokenFor = (key: string, name: string) =>
    signed(key, { exp: Date.now() / 1000 + 3600, streams: [name], actions: ["read"] });

  function open(question?: Partial<EngineQuestion> & { streams: string[] }, capacity?: number): Page {
    const page = new Page([gateway.url], capacity ? { capacity } : {});
    pages.push(page);
    if (question) page.follow(question);
    return page;
  }

  /** A page before whose gateway pages of history can be kept back. */
  async function slowly(question: Partial<EngineQuestion> & { streams: string[] }, capacity = 1000): Promise<Page> {
    slow = await SlowGateway.start(gateway.url);
    const page = new Page([slow.url], { capacity });
    pages.push(page);
    page.follow(question);
    return page;
  }

  /** Writes numbered records, as many as are asked for, in requests of 500; their IDs. */
  async function write(name: string, count: number, from = 1): Promise<string[]> {
    const ids: string[] = [];
    for (let n = from; n < from + count; n += 500) {
      const texts = Array.from({ length: Math.min(500, from + count - n) }, (_, index) => `n${n + index}`);
      ids.push(...(await gateway.write(name, texts)));
    }
    return ids;
  }

  test("shows the last records, and what comes", async () => {
    const name = stream();
    await gateway.write(name, ["a", "b"]);
    const page = open({ streams: [name] });
    await page.shows(["a", "b"]);
    await gateway.write(name, ["c"]);
    await page.shows(["a", "b", "c"]);
    expect(page.frame).toMatchObject({
      mode: "live",
      pending: false,
      refusal: null,
      held: 3,
      left: 0,
      streams: [name],
    });
    expect(page.frame.proof).toMatchObject({ records: 3, whole: true });
    expect(page.records().map(({ number }) => number)).toEqual([0, 1, 2]);
    expect(page.frame.lag).not.toBeNull();
    await page.sees(({ rate }) => rate === 0, "the rate to go down by itself");
  });

  test("goes on receiving for a page that draws nothing, and then shows all of it in one frame", async () => {
    const name = stream();
    const page = open({ streams: [name] });
    await page.sees(({ state }) => state.live, "live");
    page.hidden = true;
    await gateway.write(name, ["a"]);
    await until(() => page.frames.at(-1)?.held === 1, "the frame that is not drawn");
    const frames = page.frames.length;
    for (const text of ["b", "c", "d"]) await gateway.write(name, [text]);
    await until(async () => (await page.ask({ type: "copy", list: "all", as: "text" })).records === 4, "all of them");
    expect(page.frames.length).toBe(frames);
    page.hidden = false;
    page.draw();
    await page.shows(["a", "b", "c", "d"]);
    expect(page.frames.length).toBe(frames + 1);
  });

  test("splits system from audit", async () => {
    const name = stream();
    await gateway.write(name, ["a", { message: "granted", kind: "audit" }, "b"]);
    const page = open();
    page.hear({ type: "look", list: "system", look: { follow: true, count: 10 } });
    page.hear({ type: "look", list: "audit", look: { follow: true, count: 10 } });
    page.follow({ streams: [name] });
    await page.shows(["a", "b"], "system");
    await page.shows(["granted"], "audit");
    expect(page.frame.lists.all.rows).toEqual([]);
    expect(page.frame.lists.all.records).toBe(3);
  });

  test("gives a record whole", async () => {
    const name = stream();
    await gateway.write(name, [{ message: "paid", fields: { cart: { items: [1, 2] } } }]);
    const page = open({ streams: [name] });
    await page.shows(["paid"]);
    const record = await page.ask({ type: "record", key: page.records()[0]?.key ?? -1 });
    expect(record).toMatchObject({ message: "paid", fields: { cart: { items: [1, 2] } } });
    expect(await page.ask({ type: "record", key: 123456 })).toBeNull();
  });

  describe("a question", () => {
    test("that cannot be read is refused with the place of the mistake, and the lists stay", async () => {
      const name = stream();
      await gateway.write(name, ["a"]);
      const page = open({ streams: [name] });
      await page.shows(["a"]);
      page.follow({ streams: [name], query: "level:(error" });
      await page.sees(({ refusal }) => refusal, "the refusal");
      expect(page.frame.refusal).toMatchObject({ code: "bad_request", parameter: "query", position: 6, length: 1 });
      expect(page.texts()).toEqual(["a"]);
      page.follow({ streams: [name], query: "a" });
      await page.sees(({ refusal, pending }) => !refusal && !pending, "the mistake to be mended");
    });

    test("that cannot be read is refused also where nothing was asked before", async () => {
      const page = open({ streams: [stream()], query: '"' });
      await page.sees(({ refusal }) => refusal?.position === 0, "the refusal");
    });

    test("that only a gateway refuses leaves the lists, which go on", async () => {
      const name = stream();
      await gateway.write(name, ["a", "b"]);
      const page = open({ streams: [name] });
      await page.shows(["a", "b"]);
      page.follow({ streams: [name], query: "/(a|b){900}c{0,900}/" });
      await page.sees(({ refusal }) => refusal, "the refusal");
      expect(page.frame.refusal).toMatchObject({ code: "bad_request", parameter: "query" });
      await page.shows(["a", "b"]);
      await gateway.write(name, ["c"]);
      await page.shows(["a", "b", "c"]);
    });

    test("that is narrower keeps what is held, at once filtered, and goes on where the one before stood", async () => {
      const name = stream();
      await gateway.write(name, ["apple", "pear", "apple pie"]);
      const page = open({ streams: [name] });
      await page.shows(["apple", "pear", "apple pie"]);
      const { key } = page.records()[2] ?? { key: -1 };
      page.follow({ streams: [name], query: "apple" });
      await page.shows(["apple", "apple pie"]);
      await page.sees(({ pending }) => !pending, "the gateway to take it");
      await gateway.write(name, ["plum", "apple tart"]);
      await page.sees(() => page.texts().at(-1) === "apple tart", "what comes");
      expect(page.texts()).toContain("apple pie");
      expect(page.texts()).not.toContain("plum");
      expect(page.records().some((row) => row.key === key && row.text === "apple pie")).toBe(true);
      expect(page.frame.held).toBe(4);
    });

    test("that is narrower adds to what was received, and nothing that was lost is forgotten", async () => {
      const name = stream();
      const page = open({ streams: [name] });
      await page.sees(({ state }) => state.live, "live");
      await gateway.write(name, ["apple 1", "pear 1", "apple 2"]);
      await page.sees(({ proof }) => proof.records === 3, "three");
      page.follow({ streams: [name], query: "apple" });
      await page.sees(({ pending }) => !pending, "the gateway to take it");
      await gateway.write(name, ["apple 3"]);
      await page.sees(({ proof }) => proof.records === 4, "one more");
      page.follow({ streams: [name], query: "apple 3" });
      await page.sees(({ pending }) => !pending, "the gateway to take this, too");
      expect(page.frame.proof).toMatchObject({ records: 4, reconnects: 0, whole: true });
    });

    test("that only the gateway can judge of what is held begins anew", async () => {
      const name = stream();
      const long = `${"x".repeat(2_100)} long`;
      await gateway.write(name, ["a short one", long, "b"]);
      const page = open({ streams: [name] });
      await page.sees(({ held }) => held === 3, "the lines");
      page.follow({ streams: [name], query: String.raw`/\w+ short/` });
      await page.shows(["a short one"]);
      page.follow({ streams: [name], query: "" });
      await page.sees(({ held, pending }) => held === 3 && !pending, "all again");
      page.follow({ streams: [name], query: "a /short/" });
      await page.sees(({ pending, state }) => !pending && state.live, "the gateway's answer");
      expect(page.frame.held).toBe(3);
      await page.shows(["<horizon>", "a short one"]);
    });

    test("that is wide again gives up nothing, and has what came meanwhile", async () => {
      const name = stream();
      await gateway.write(name, ["apple 0", "pear 0"]);
      const page = open({ streams: [name], tail: 1 });
      await page.sees(({ state }) => state.live, "live");
      await gateway.write(name, ["apple 1", "pear 1", "plum 1"]);
      await page.shows(["pear 0", "apple 1", "pear 1", "plum 1"]);
      page.follow({ streams: [name], tail: 1, query: "apple OR pear" });
      await page.sees(({ pending }) => !pending, "the gateway to take it");
      await gateway.write(name, ["pear 2", "plum 2", "apple 2"]);
      await page.shows(["pear 0", "apple 1", "pear 1", "pear 2", "apple 2"]);
      page.follow({ streams: [name], tail: 1, query: "plum" });
      await page.shows(["plum 1", "plum 2"]);
      page.follow({ streams: [name], tail: 1, query: "" });
      await page.shows(["pear 0", "apple 1", "pear 1", "plum 1", "pear 2", "plum 2", "apple 2"]);
      expect(await page.ask({ type: "older", list: "all" })).toEqual({ added: 2, done: true });
      await gateway.write(name, ["now"]);
      await page.sees(() => page.texts().at(-1) === "now", "what is live");
      expect(page.texts().slice(1, 3)).toEqual(["apple 0", "pear 0"]);
      expect(page.frame.held).toBe(9);
    });

    test("that came while history of another was on its way has all of its own", async () => {
      const name = stream();
      const fruit = Array.from({ length: 30 }, (_, n) => `${n % 3 ? "apple" : "pear"} ${n}`);
      await gateway.write(name, fruit);
      const page = await slowly({ streams: [name], tail: 1 });
      await page.shows(fruit.slice(-1));
      page.follow({ streams: [name], tail: 1, query: "apple" });
      await page.sees(({ pending }) => !pending, "the gateway to take it");
      slow?.keepBack();
      const loading = page.ask({ type: "older", list: "all" });
      await slow?.hasOne();
      page.follow({ streams: [name], tail: 1, query: "" });
      await page.sees(({ pending }) => !pending, "the gateway to take this, too");
      slow?.letThrough();
      expect(await loading).toEqual({ added: 0, done: false });
      for (let done = false; !done; ) done = (await page.ask({ type: "older", list: "all" })).done;
      await page.shows(["<horizon>", ...fruit]);
    });

    test("that is narrower takes from history what it lacks", async () => {
      const name = stream();
      await gateway.write(name, ["apple 1", "apple 2", "pear 1", "pear 2"]);
      const page = open({ streams: [name], tail: 2 });
      await page.shows(["pear 1", "pear 2"]);
      page.follow({ streams: [name], tail: 2, query: "apple" });
      await page.shows(["<horizon>", "apple 1", "apple 2"]);
    });

    test("that is wider begins anew, and the old lists stay until then", async () => {
      const name = stream();
      await gateway.write(name, ["apple", "pear"]);
      const page = open({ streams: [name], query: "apple" });
      await page.shows(["apple"]);
      page.follow({ streams: [name], query: "" });
      await page.shows(["apple", "pear"]);
      expect(page.frames.every(({ lists }, index) => index < 3 || lists.all.count > 0)).toBe(true);
    });

    test("about other streams shows the old ones until the new ones have come", async () => {
      const [some, others] = [stream(), stream()];
      await gateway.write(some, ["a"]);
      await gateway.write(others, ["b"]);
      const page = open({ streams: [some] });
      await page.shows(["a"]);
      const before = page.frames.length;
      page.follow({ streams: [others] });
      await page.shows(["b"]);
      const between = page.frames.slice(before).filter(({ lists }) => lists.all.count === 0);
      expect(between).toEqual([]);
      expect(page.frame).toMatchObject({ pending: false, streams: [some, others] });
      expect(page.records()[0]).toMatchObject({ hue: 1, number: 0 });
    });

    test("with further streams of the same services keeps what is held and what was received, and has theirs", async () => {
      const [name, other, third] = [stream(), stream(), stream()];
      await write(name, 20);
      const page = open({ streams: [name], tail: 10 });
      await page.sees(({ held }) => held === 10, "the last ten");
      await write(name, 5, 21);
      await page.sees(({ held }) => held === 15, "what came");
      await gateway.write(other, ["first of the other"]);
      page.follow({ streams: [name, other], tail: 10 }, true);
      await page.sees(({ held, pending }) => held === 16 && !pending, "the first of the other stream");
      await gateway.write(third, ["first of the third"]);
      page.follow({ streams: [name, other, third], tail: 10 }, true);
      await gateway.write(name, ["n26"]);
      await gateway.write(other, ["more of the other"]);
      await page.sees(({ held, pending }) => held === 19 && !pending, "all of the three");
      expect(new Set(page.texts()).size).toBe(19);
      expect(page.frame.proof).toMatchObject({ records: 19, duplicates: 0, missing: 0, reconnects: 0, whole: true });
      expect(await page.ask({ type: "older", list: "all" })).toEqual({ added: 11, done: true });
      await page.sees(({ held }) => held === 29, "the first ten, behind the bar where history begins");
    });

    test("that is asked once more begins anew", async () => {
      const name = stream();
      await gateway.write(name, ["a", "b", "c"]);
      const page = open({ streams: [name], tail: 2 });
      await page.shows(["b", "c"]);
      await page.ask({ type: "older", list: "all" });
      await page.shows(["<horizon>", "a", "b", "c"]);
      page.follow({ streams: [name], tail: 2 });
      await page.shows(["b", "c"]);
      expect(page.records()[0]?.number).toBe(0);
    });

    test("about a stream without records shows that there are none", async () => {
      const page = open({ streams: [stream()] });
      await page.sees(({ state, lists }) => state.live && lists.all.count === 0, "an empty list");
    });
  });

  test("finds a text, counts and marks its hits, and steps from one to the next", async () => {
    const name = stream();
    await gateway.write(name, ["Error one", "two", { message: "three", fields: { why: "an ERROR" } }]);
    const page = open({ streams: [name] });
    await page.sees(({ lists }) => lists.all.count === 3, "three lines");
    page.hear({ type: "find", text: "error" });
    await page.sees(({ lists }) => lists.all.hits === 2, "two hits");
    expect(page.records()[0]?.hits).toEqual([[0, 5]]);
    await gateway.write(name, ["error four"]);
    await page.sees(({ lists }) => lists.all.hits === 3, "three hits");
    expect(await page.ask({ type: "step", list: "all", from: 0, forward: true, to: "hit" })).toMatchObject({
      number: 2,
    });
    page.follow({ streams: [name], query: "one" });
    await page.sees(({ lists }) => lists.all.hits === 1, "the hits of what is left");
    page.hear({ type: "find", text: "" });
    await page.sees(({ lists }) => lists.all.hits === 0, "no hits");
  });

  test("marks records, those that are there and those that come", async () => {
    const name = stream();
    const [first = ""] = await gateway.write(name, ["a", "b"]);
    const page = open();
    page.hear({ type: "marks", ids: [`${name}/${first}`] });
    page.follow({ streams: [name] });
    await page.sees(() => page.frames.at(-1)?.lists.all.count === 2, "two lines");
    expect(page.records().map(({ marked }) => marked)).toEqual([true, false]);
    page.hear({ type: "mark", key: page.records()[1]?.key ?? -1, marked: true });
    await page.sees(() => page.records().every(({ marked }) => marked), "both marked");
    expect(await page.ask({ type: "step", list: "all", from: 0, forward: true, to: "mark" })).toMatchObject({
      number: 1,
    });
  });

  test("removes from view what somebody cleared", async () => {
    const name = stream();
    await gateway.write(name, ["a", "b"]);
    const page = open({ streams: [name] });
    await page.shows(["a", "b"]);
    await page.ask({ type: "call", name: "clear", call: [name] });
    await page.shows(["<gap>"]);
    await gateway.write(name, ["c"]);
    await page.shows(["<gap>", "c"]);
    expect(page.frame.proof).toMatchObject({ records: 3, declared: 0, whole: true });
  });

  test("empties its lists, removes nothing, and finds it again in history", async () => {
    const name = stream();
    await gateway.write(name, ["a", "b"]);
    const page = open({ streams: [name] });
    await page.shows(["a", "b"]);
    page.hear({ type: "clear" });
    await page.shows([]);
    await gateway.write(name, ["c"]);
    await page.shows(["c"]);
    expect(await page.ask({ type: "older", list: "all" })).toEqual({ added: 3, done: true });
    await page.shows(["<horizon>", "a", "b", "c"]);
  });

  test("lets the page call what is on the list, and nothing else", async () => {
    const name = stream();
    await gateway.write(name, ["a"]);
    const page = open();
    const known = (await page.ask({ type: "call", name: "streams", call: [] })) as { stream: string }[];
    expect(known.some((each) => each.stream === name)).toBe(true);
    await expect(page.ask({ type: "call", name: "close" as "clear", call: [] })).rejects.toThrow(
      /'close' cannot be called/,
    );
    await expect(page.ask({ type: "call", name: "page", call: ["no such name!"] })).rejects.toThrow(/bad_request/);
    const file = await page.ask({ type: "download", call: [name, "jsonl"] });
    expect(JSON.parse(await file.text())).toMatchObject({ message: "a" });
    await expect(page.ask({ type: "older", list: "all" })).rejects.toThrow(/nothing is read yet/);
  });

  test("tells of the services", async () => {
    const page = open();
    await until(
      () => page.reports.some((report) => report.type === "services" && report.services !== null),
      "services",
    );
  });

  test("asks for a token where one is needed, and for another when that one is not good", async () => {
    const key = "k".repeat(32);
    guarded = await Gateway.start(redis, gateway.prefix, { TAILRACE_TOKEN_KEY: key });
    const name = stream();
    await gateway.write(name, ["a"]);
    const token = (more: object) =>
      signed(key, { exp: Date.now() / 1000 + 3600, streams: [name], actions: ["read"], ...more });
    const wanted = (page: Page) => page.reports.filter(({ type }) => type === "token-wanted").length;
    const page = new Page([guarded.url]);
    pages.push(page);
    page.follow({ streams: [name] });
    await until(() => wanted(page) === 1, "the token to be asked for");
    await page.sees(({ refusal }) => refusal?.code === "unauthorized", "the refusal");
    page.hear({ type: "token", token: token({ exp: 1 }) });
    await until(() => wanted(page) === 2, "another token to be asked for");
    page.hear({ type: "token", token: token({}) });
    await page.shows(["a"]);
    await page.sees(({ refusal }) => refusal === null, "the refusal to be over");
  });

  test("goes on with a token that comes when nobody waits for it any more", async () => {
    const key = "k".repeat(32);
    guarded = await Gateway.start(redis, gateway.prefix, { TAILRACE_TOKEN_KEY: key });
    const name = stream();
    await gateway.write(name, ["a"]);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"], shouldAdvanceTime: true });
    try {
      const expired = signed(key, { exp: 1, streams: [name], actions: ["read"] });
      const page = new Page([guarded.url], { token: expired });
      pages.push(page);
      const wanted = () => page.reports.filter(({ type }) => type === "token-wanted").length;
      page.follow({ streams: [name] });
      await until(() => wanted() === 1, "the token to be asked for");
      vi.advanceTimersByTime(60_000);
      await page.sees(({ state }) => state.error?.message.includes("no token came"), "the asking to be given up");
      page.hear({ type: "token", token: tokenFor(key, name) });
      await page.shows(["a"]);
      expect(wanted()).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });

  test("asks for a token where what it was given is none, and goes on with one", async () => {
    const key = "k".repeat(32);
    guarded = await Gateway.start(redis, gateway.prefix, { TAILRACE_TOKEN_KEY: key });
    const name = stream();
    await gateway.write(name, ["a"]);
    const page = new Page([guarded.url], { token: 'half a "token=/' });
    pages.push(page);
    const wanted = () => page.reports.filter(({ type }) => type === "token-wanted").length;
    page.follow({ streams: [name] });
    await page.sees(({ refusal }) => refusal?.code === "unauthorized", "the refusal");
    expect(wanted()).toBe(1);
    page.hear({ type: "token", token: "no/token" });
    await until(() => wanted() === 2, "another token to be asked for");
    page.hear({ type: "token", token: tokenFor(key, name) });
    await page.shows(["a"]);
  });

  test.each(["", "expired"])(
    "gives a token that somebody brings to its own gateway alone (opened with '%s')",
    async (begun) => {
      const key = "k".repeat(32);
      guarded = await Gateway.start(redis, gateway.prefix, { TAILRACE_TOKEN_KEY: key });
      const name = stream();
      await gateway.write(name, ["a"]);
      const heard: string[] = [];
      const other = createServer((request, response) => {
        heard.push(JSON.stringify([request.url, request.headers]));
        response.writeHead(401).end();
      });
      other.on("upgrade", (request, socket) => {
        heard.push(JSON.stringify([request.url, request.headers]));
        socket.destroy();
      });
      await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
      try {
        const { port } = other.address() as AddressInfo;
        const page = new Page([guarded.url, `http://127.0.0.1:${port}`], { token: begun });
        pages.push(page);
        page.follow({ streams: [name] });
        await until(() => page.reports.some(({ type }) => type === "token-wanted"), "the token to be asked for");
        const token = tokenFor(key, name);
        page.hear({ type: "token", token });
        await page.shows(["a"]);
        await guarded.kill();
        await page.sees(({ state }) => state.connection === "disconnected" && state.retryAt, "a try that failed");
        const { retryAt } = page.frame.state;
        page.hear({ type: "retry" });
        await page.sees(({ state }) => state.retryAt && state.retryAt !== retryAt, "another one");
        expect(heard.filter((text) => text.includes(token))).toEqual([]);
      } finally {
        other.close();
        other.closeAllConnections();
      }
    },
  );

  describe("of more streams than a gateway merges", () => {
    /** Writes to 40 streams in turns, so many times, and to one of them much more often; how they begin, and all in their order. */
    async function writeToMany(turns: number): Promise<{ prefix: string; texts: string[] }> {
      const prefix = `${stream()}.`;
      const texts: string[] = [];
      for (let turn = 0; turn < turns; turn += 1) {
        for (let n = 0; n < 40; n += 1) {
          const some = n === 7 ? Array.from({ length: 20 }, (_, more) => `m${turn}.${n}.${more}`) : [`m${turn}.${n}`];
          await gateway.write(`${prefix}${String(n).padStart(2, "0")}`, some);
          texts.push(...some);
        }
      }
      return { prefix, texts };
    }

    const copied = async (page: Page) =>
      (await page.ask({ type: "copy", list: "all", as: "text" })).text.match(/m\d+\.\d+(\.\d+)?$/gm) ?? [];

    test("history comes in one order, none of it twice, and none is missing", async () => {
      const { prefix, texts } = await writeToMany(10);
      const page = open({ streams: [`${prefix}*`], tail: 10 });
      await page.sees(({ state }) => state.live, "live");
      await page.sees(({ lists }) => lists.all.records === 10, "the last");
      for (let done = false; !done; ) {
        done = (await page.ask({ type: "older", list: "all" })).done;
        const held = await copied(page);
        expect(held).toEqual(texts.slice(-held.length));
      }
      expect((await copied(page)).length).toBe(texts.length);
    });

    test("history has what comes live meanwhile only once", async () => {
      const { prefix, texts } = await writeToMany(2);
      await gateway.write(`${prefix}99`, ["m9.9.9"]);
      await write(`${prefix}07`, 600);
      const page = open({ streams: [`${prefix}*`], tail: 10 });
      await page.sees(({ state, lists }) => state.live && lists.all.records === 10, "the last");
      expect(await page.ask({ type: "older", list: "all" })).toMatchObject({ done: false });
      await gateway.write(`${prefix}99`, ["m8.8.8"]);
      await page.sees(({ proof }) => proof.records === 11, "what is live");
      for (let done = false; !done; ) done = (await page.ask({ type: "older", list: "all" })).done;
      expect(await copied(page)).toEqual([...texts, "m9.9.9", "m8.8.8"]);
    });

    test("a record's surroundings come from all of them, up and down to where it is live", async () => {
      const { prefix, texts } = await writeToMany(12);
      const [id] = await gateway.write(`${prefix}33`, ["m99.33"]);
      const later: string[] = [];
      for (let turn = 0; turn < 12; turn += 1)
        for (let n = 0; n < 40; n += 1) {
          await gateway.write(`${prefix}${String(n).padStart(2, "0")}`, [`m${100 + turn}.${n}`]);
          later.push(`m${100 + turn}.${n}`);
        }
      const page = open({ streams: [`${prefix}*`], record: `${prefix}33/${id}` });
      await page.sees(({ mode, pending }) => mode === "past" && !pending, "its surroundings");
      const all = [...texts, "m99.33", ...later];
      const first = await copied(page);
      expect(first).toContain("m99.33");
      expect(first).toEqual(all.slice(all.indexOf(first[0] ?? ""), all.indexOf(first.at(-1) ?? "") + 1));
      for (let done = false; !done; ) done = (await page.ask({ type: "older", list: "all" })).done;
      for (let done = false; !done; ) done = (await page.ask({ type: "newer", list: "all" })).done;
      expect(await copied(page)).toEqual(all);
      await page.sees(({ mode, state }) => mode === "live" && state.live, "live");
      await gateway.write(`${prefix}05`, ["m200.5"]);
      await page.sees(({ lists }) => lists.all.records === all.length + 1, "what is live");
    });
  });

  describe("with room for little", () => {
    test("lets the oldest go, and loads them again in front", async () => {
      const name = stream();
      const page = open({ streams: [name] }, 1000);
      await page.sees(({ state }) => state.live, "live");
      await write(name, 2500);
      await page.sees(({ proof }) => proof.records === 2500, "all of them");
      expect(page.frame).toMatchObject({ held: 1000, left: 1500, capacity: 1000 });
      expect(page.frame.lists.all).toMatchObject({ first: 1500, count: 1000 });
      expect(page.texts().at(-1)).toBe("n2500");
    });

    test("a pause for longer than there is room loses nothing", async () => {
      const name = stream();
      await gateway.write(name, ["before"]);
      const page = open({ streams: [name] }, 1000);
      await page.shows(["before"]);
      page.hear({ type: "pause", paused: true });
      await write(name, 3000);
      await page.sees(({ state }) => state.connection === "held", "the rest to stay in Redis");
      expect(page.frame.state.live).toBe(true);
      expect(page.texts()).toEqual(["before"]);
      expect(page.frame.lists.all.count).toBe(1);
      expect(page.frame.lists.all.unseen.records).toBeGreaterThan(500);
      page.hear({ type: "pause", paused: false });
      await page.sees(() => page.texts().at(-1) === "n3000", "the newest");
      expect(page.frame.proof).toMatchObject({ records: 3001, declared: 0, missing: 0, duplicates: 0, whole: true });
      expect(page.frame).toMatchObject({ held: 1000, left: 2001 });
      expect(page.frame.lists.all.unseen.records).toBe(0);
    });

    test("a query that is narrowed while what comes waits is answered all the same", async () => {
      const name = stream();
      await gateway.write(name, ["before"]);
      const page = open({ streams: [name] }, 1000);
      await page.shows(["before"]);
      page.hear({ type: "pause", paused: true });
      await write(name, 3000);
      await page.sees(({ state }) => state.connection === "held", "the rest to stay in Redis");
      page.follow({ streams: [name], query: "nowhere" });
      await page.sees(({ pending, state }) => !pending && state.connection === "held", "the gateway's answer");
      page.follow({ streams: [name], query: "n3000" });
      page.hear({ type: "pause", paused: false });
      await page.shows(["n3000"]);
    });

    test("a reader far back keeps their rows, and reads on to the newest", async () => {
      const name = stream();
      const page = open({ streams: [name] }, 1000);
      await page.sees(({ state }) => state.live, "live");
      await write(name, 3000);
      await page.sees(({ held, proof }) => held === 1000 && proof.records === 3000, "a full list");
      page.hear({ type: "look", list: "all", look: { follow: false, first: 2000, count: 5 } });
      for (let loads = 0; loads < 3; loads += 1) await page.ask({ type: "older", list: "all" });
      await page.sees(({ mode, lists }) => mode === "past" && lists.all.first === 500, "the newest to be let go of");
      expect(page.frame.held).toBeLessThanOrEqual(1000);
      page.hear({ type: "look", list: "all", look: { follow: false, first: page.frame.lists.all.first, count: 3 } });
      await page.shows(["n501", "n502", "n503"]);
      await write(name, 100, 3001);
      // To the end, wherever that is by then.
      page.hear({ type: "look", list: "all", look: { follow: false, first: 1e6, count: 5 } });
      const read: string[] = [];
      for (let done = false; !done; ) {
        done = (await page.ask({ type: "newer", list: "all" })).done;
        read.push(...((await page.ask({ type: "copy", list: "all", as: "text" })).text.match(/n\d+/g) ?? []));
      }
      await page.sees(({ mode, state }) => mode === "live" && state.live, "live again");
      expect(new Set(read).size).toBe(2100);
      page.hear({ type: "look", list: "all", look: { follow: true, count: 3 } });
      await page.shows(["n3098", "n3099", "n3100"]);
      expect(page.frame.proof).toMatchObject({ records: 3100, whole: true });
    });

    test("a record that is asked for comes with the first frame that has anything", async () => {
      const name = stream();
      const ids = await write(name, 500);
      const page = open({ streams: [name], record: `${name}/${ids[99]}` });
      page.hear({ type: "look", list: "all", look: { follow: true, count: 10 } });
      await page.sees(({ opened }) => opened, "the record");
      const first = page.frames.find(({ held }) => held > 0);
      const rows = first?.lists.all.rows ?? [];
      const place = rows.findIndex((each) => each.type === "record" && each.text === "n100");
      const row = rows[place];
      expect(first?.opened).toMatchObject({ record: `${name}/${ids[99]}`, key: row?.key, rows: { all: row?.number } });
      expect(first?.opened?.rows.audit).toBeUndefined();
      expect(place).toBe(10);
      // From one record to another: again with what stands around it.
      page.follow({ streams: [name], record: `${name}/${ids[299]}` });
      await page.sees(({ opened }) => opened?.record.endsWith(`${ids[299]}`), "the other record");
      expect(page.texts()).toContain("n300");
      page.follow({ streams: [name] });
      await page.sees(({ mode, opened }) => mode === "live" && opened === null, "what comes now");
    });

    test("a record that comes while the lists stand still is shown when they go on", async () => {
      const name = stream();
      const ids = await write(name, 50);
      const page = open();
      page.hear({ type: "pause", paused: true });
      page.follow({ streams: [name], record: `${name}/${ids[19]}` });
      await page.sees(({ held, opened }) => held > 0 && !opened, "what is held back");
      page.hear({ type: "pause", paused: false });
      await page.sees(({ opened }) => opened?.rows.all !== undefined, "the record");
    });

    test("a full list whose query leaves little of it goes on following", async () => {
      const name = stream();
      const page = open({ streams: [name] }, 1000);
      await page.sees(({ state }) => state.live, "live");
      await write(name, 1500);
      await page.sees(({ left }) => left >= 500, "a full list");
      page.follow({ streams: [name], query: "now" });
      await page.sees(({ pending, lists }) => !pending && lists.all.records === 0, "that nothing matches");
      await page.ask({ type: "newer", list: "all" }); // behind whatever is being loaded
      await gateway.write(name, ["now"]);
      await page.shows(["now"]);
      expect(page.frame).toMatchObject({ mode: "live", held: 1000 });
      page.follow({ streams: [name], query: "" });
      await page.sees(({ pending, lists }) => !pending && lists.all.records === 1000, "all of it again");
    });

    test("a pause holds back what came since, however it is filtered meanwhile", async () => {
      const name = stream();
      await gateway.write(name, ["apple 1", "pear 1"]);
      const page = open({ streams: [name] });
      await page.shows(["apple 1", "pear 1"]);
      page.hear({ type: "pause", paused: true });
      await gateway.write(name, [{ message: "apple 2", level: "ERROR" }, "pear 2"]);
      await page.sees(({ lists }) => lists.all.unseen.records === 2, "what is held back");
      page.hear({ type: "filter", query: "apple" });
      await page.shows(["apple 1"]);
      expect(page.frame.lists.all.unseen).toEqual({ records: 1, errors: 1 });
      page.hear({ type: "filter", query: "plum" });
      await page.shows([]);
      page.hear({ type: "filter", query: "" });
      await page.shows(["apple 1", "pear 1"]);
      expect(page.frame.lists.all.unseen).toEqual({ records: 2, errors: 1 });
      await gateway.write(name, ["apple 3"]);
      await page.sees(({ lists }) => lists.all.unseen.records === 3, "what comes");
      page.hear({ type: "pause", paused: false });
      await page.shows(["apple 1", "pear 1", "apple 2", "pear 2", "apple 3"]);
    });

    test("history that was on its way while the oldest left makes no hole", async () => {
      const name = stream();
      await write(name, 600);
      const page = await slowly({ streams: [name], tail: 100 }, 1000);
      await page.sees(({ state }) => state.live, "live");
      slow?.keepBack();
      const loading = page.ask({ type: "older", list: "all" });
      await slow?.hasOne();
      await write(name, 1500, 601);
      await page.sees(({ left }) => left === 600, "the oldest to leave");
      slow?.letThrough();
      await loading;
      const { text } = await page.ask({ type: "copy", list: "all", as: "text" });
      const numbers = (text.match(/(?<=: n)\d+/g) ?? []).map(Number);
      expect(numbers.length).toBe(1000);
      expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
    });

    test("a record's surroundings that filled the list go live at their end", async () => {
      const name = stream();
      const ids = await write(name, 3000);
      const page = open({ streams: [name], record: `${name}/${ids[1500]}` }, 1000);
      await page.sees(({ mode, pending }) => mode === "past" && !pending, "its surroundings");
      page.hear({ type: "look", list: "all", look: { follow: false, first: -1e6, count: 5 } });
      for (let loads = 0; loads < 3; loads += 1) await page.ask({ type: "older", list: "all" });
      page.hear({ type: "look", list: "all", look: { follow: false, first: 1e6, count: 5 } });
      for (let done = false; !done; ) done = (await page.ask({ type: "newer", list: "all" })).done;
      await page.sees(({ mode, state }) => mode === "live" && state.connection === "connected", "live");
      await gateway.write(name, ["now"]);
      page.hear({ type: "look", list: "all", look: { follow: true, count: 2 } });
      await page.shows(["n3000", "now"]);
    });

    /** A reader far back in a full list of 2000 records, whose end was let go of. */
    async function farBack(name: string): Promise<Page> {
      const page = await slowly({ streams: [name] });
      await page.sees(({ state }) => state.live, "live");
      await write(name, 2000);
      await page.sees(({ proof }) => proof.records === 2000, "all of them");
      page.hear({ type: "look", list: "all", look: { follow: false, first: 1000, count: 5 } });
      for (let loads = 0; loads < 2; loads += 1) await page.ask({ type: "older", list: "all" });
      await page.sees(({ mode }) => mode === "past", "the newest to be let go of");
      return page;
    }

    test("a reader far back keeps their rows until the newest have come, however often these have to be asked for", async () => {
      const name = stream();
      const page = await farBack(name);
      if (slow) slow.failing = true;
      page.hear({ type: "look", list: "all", look: { follow: true, count: 3 } });
      await page.sees(({ state }) => state.connection === "disconnected" && state.error, "a try that failed");
      expect(page.frame.held).toBeGreaterThan(900);
      expect(page.texts().length).toBe(3);
      if (slow) slow.failing = false;
      page.hear({ type: "retry" });
      await page.shows(["n1998", "n1999", "n2000"]);
      await page.sees(({ mode, state }) => mode === "live" && state.live && state.cursor, "live again");
    });

    test("a view that is cleared on the way to the newest is empty, and has what comes once", async () => {
      const name = stream();
      const page = await farBack(name);
      slow?.keepBack();
      page.hear({ type: "look", list: "all", look: { follow: true, count: 5 } });
      await slow?.hasOne();
      page.hear({ type: "clear" });
      await page.shows([]);
      slow?.letThrough();
      await page.sees(({ mode, state }) => mode === "live" && state.live, "live");
      await gateway.write(name, ["now"]);
      await page.shows(["now"]);
      expect(page.frame.proof).toMatchObject({ records: 2001, whole: true });
    });

    test("says after each way back that there is more, on either side, until there is none", async () => {
      const name = stream();
      const page = await farBack(name);
      const more = (older: boolean, newer: boolean) =>
        page.sees(({ more }) => more.older === older && more.newer === newer, `more: ${older}, ${newer}`);
      const all = async (type: "older" | "newer") => {
        for (let done = false; !done; ) done = (await page.ask({ type, list: "all" })).done;
      };
      // How much is older depends on how much came at once.
      await page.sees(({ more }) => more.newer, "more that is newer");
      page.hear({ type: "look", list: "all", look: { follow: false, first: -1e6, count: 5 } });
      await all("older");
      await more(false, true);
      page.hear({ type: "look", list: "all", look: { follow: false, first: 1e6, count: 5 } });
      await all("newer");
      await more(true, false);
      page.hear({ type: "look", list: "all", look: { follow: false, first: -1e6, count: 5 } });
      await all("older");
      await more(false, true);
      page.hear({ type: "clear" });
      await more(true, false);
    });

    test("history that was on its way when the view was cleared does not come", async () => {
      const name = stream();
      await write(name, 600);
      const page = await slowly({ streams: [name], tail: 100 });
      await page.sees(({ state }) => state.live, "live");
      slow?.keepBack();
      const loading = page.ask({ type: "older", list: "all" });
      await slow?.hasOne();
      page.hear({ type: "clear" });
      slow?.letThrough();
      expect(await loading).toEqual({ added: 0, done: false });
      await page.shows([]);
    });

    test("a reader far back goes to the newest at once", async () => {
      const name = stream();
      const page = open({ streams: [name] }, 1000);
      await page.sees(({ state }) => state.live, "live");
      await write(name, 2000);
      await page.sees(({ proof }) => proof.records === 2000, "all of them");
      page.hear({ type: "look", list: "all", look: { follow: false, first: 1000, count: 5 } });
      for (let loads = 0; loads < 2; loads += 1) await page.ask({ type: "older", list: "all" });
      await write(name, 10, 2001);
      page.hear({ type: "look", list: "all", look: { follow: true, count: 3 } });
      await page.shows(["n2008", "n2009", "n2010"]);
      await page.sees(({ mode, state }) => mode === "live" && state.live, "live again");
      expect(page.frame.proof).toMatchObject({ records: 2010, whole: true });
      const { text, records } = await page.ask({ type: "copy", list: "all", as: "text" });
      expect([records, new Set(text.match(/n\d+/g)).size]).toEqual([510, 510]);
    });
  });

  describe("the past", () => {
    test("is the surroundings of a record, up and down to where it is live", async () => {
      const name = stream();
      const ids = await write(name, 1000);
      const page = open({ streams: [name], record: `${name}/${ids[499]}` });
      await page.sees(({ mode, lists }) => mode === "past" && lists.all.records === 201, "its surroundings");
      const place = await page.ask({ type: "locate", list: "all", id: `${name}/${ids[499]}` });
      expect(place).not.toBeNull();
      const early = page.frames.filter(({ lists }) => lists.all.count === 0);
      expect(early.every(({ pending }) => pending)).toBe(true);
      page.hear({ type: "look", list: "all", look: { follow: false, first: place?.number ?? 0, count: 2 } });
      await page.shows(["n500", "n501"]);
      expect(await page.ask({ type: "older", list: "all" })).toEqual({ added: 400, done: true });
      expect(await page.ask({ type: "newer", list: "all" })).toEqual({ added: 400, done: true });
      await page.sees(({ mode, state }) => mode === "live" && state.live, "live");
      await gateway.write(name, ["now"]);
      page.hear({ type: "look", list: "all", look: { follow: true, count: 2 } });
      await page.shows(["n1000", "now"]);
      expect(page.frame.lists.all.records).toBe(1001);
    });

    test("is what stands around a record in all streams", async () => {
      const [some, others] = [stream(), stream()];
      const written: string[] = [];
      let wanted = "";
      for (let n = 0; n < 20; n += 1) {
        const [id = ""] = await gateway.write(n % 2 ? some : others, [`m${n}`]);
        if (n === 11) wanted = `${some}/${id}`;
        written.push(`m${n}`);
      }
      const page = open({ streams: [some, others], record: wanted });
      await page.shows(["<horizon>", ...written]);
      await page.ask({ type: "newer", list: "all" });
      await page.sees(({ mode, state }) => mode === "live" && state.live, "live");
      await gateway.write(others, ["now"]);
      await page.shows(["<horizon>", ...written, "now"]);
    });

    test("has a record once, however often its surroundings have to be asked for", async () => {
      const [some, others] = [stream(), stream()];
      await gateway.write(others, ["a"]);
      const [id] = await gateway.write(some, ["b"]);
      await gateway.write(others, ["c"]);
      slow = await SlowGateway.start(gateway.url);
      slow.failing = true;
      const page = new Page([slow.url]);
      pages.push(page);
      page.follow({ streams: [some, others], record: `${some}/${id}` });
      await page.sees(
        ({ state }) => state.connection === "disconnected" && state.retryAt !== null,
        "a try that failed",
      );
      slow.failing = false;
      page.hear({ type: "retry" });
      await page.sees(({ pending }) => !pending, "the surroundings");
      expect(page.texts()).toEqual(["<horizon>", "a", "b", "c"]);
    });

    test("of a record that never was is refused", async () => {
      const name = stream();
      await gateway.write(name, ["a"]);
      const page = open({ streams: [name], record: `${name}/1-99` });
      await page.sees(({ refusal }) => refusal, "the refusal");
      expect(page.frame.refusal).toMatchObject({ code: "not_found" });
      page.follow({ streams: [name] });
      await page.shows(["a"]);
      expect(page.frame.refusal).toBeNull();
    });

    test("within bounds of time ends there, and nothing comes by itself", async () => {
      const name = stream();
      const at = (day: number) => `2026-01-0${day}T00:00:00Z`;
      await gateway.write(
        name,
        [1, 2, 3, 4, 5].map((day) => ({ message: `day ${day}`, time: at(day) })),
      );
      const page = open({ streams: [name], since: at(2), until: at(4) });
      await page.shows(["day 2", "day 3", "day 4"]);
      expect(page.frame).toMatchObject({ mode: "past", state: { connection: "connected" } });
      expect(await page.ask({ type: "newer", list: "all" })).toEqual({ added: 0, done: true });
      expect(await page.ask({ type: "older", list: "all" })).toEqual({ added: 0, done: true });
      await gateway.write(name, ["now"]);
      expect(page.frame.mode).toBe("past");
      page.follow({ streams: [name], since: at(4) });
      await page.sees(() => page.texts().at(-1) === "now", "what is live");
    });

    test("within bounds of time comes as a whole, and no further than there is room", async () => {
      const name = stream();
      await write(name, 4200);
      const bounds = { since: "-1h", until: "2100-01-01" };
      const page = open({ streams: [name], ...bounds });
      await page.sees(({ lists, more }) => lists.all.records === 4200 && !more.older, "all of it");
      const small = open({ streams: [name], ...bounds }, 3000);
      await small.sees(({ lists }) => lists.all.records === 2500, "as much as there is room for");
      expect(small.frame).toMatchObject({ mode: "past", more: { older: true, newer: false } });
    });

    test("waits for a gateway that is away", async () => {
      const name = stream();
      await gateway.write(name, ["a"]);
      await gateway.kill();
      const page = open({ streams: [name], until: "2100-01-01" });
      await page.sees(
        ({ state }) => state.connection === "disconnected" && state.error?.code === "network",
        "no gateway",
      );
      await gateway.start();
      page.hear({ type: "retry" });
      await page.shows(["<horizon>", "a"]);
    });
  });
});
