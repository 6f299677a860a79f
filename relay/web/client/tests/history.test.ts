import type { ServerResponse } from "node:http";
import { describe, expect, test, vi } from "vitest";
import { freePort, missing, until } from "./gateway.ts";
import { Landscape } from "./landscape.ts";
import { ScriptedGateway } from "./scripted.ts";

const texts = ({ records }: { records: { message: string }[] }) => records.map(({ message }) => message);

describe.skipIf(missing)("history", () => {
  const land = new Landscape(1);

  async function written(...records: (string | object)[]) {
    const name = land.name();
    return { name, ids: await land.gateway.write(name, records) };
  }

  test("comes in pages, in both orders", async () => {
    const { name } = await written("a", "b", "c", "d", "e");
    const client = land.client();
    const first = await client.page(name, { limit: 2 });
    expect(texts(first)).toEqual(["a", "b"]);
    expect(texts(await client.page(name, { limit: 5, after: String(first.next) }))).toEqual(["c", "d", "e"]);
    const newest = await client.page([name], { limit: 2, order: "desc" });
    expect(texts(newest)).toEqual(["e", "d"]);
    expect(texts(await client.page(name, { limit: 2, order: "desc", before: String(newest.next) }))).toEqual([
      "c",
      "b",
    ]);
  });

  test("is what a query, a level and a time select", async () => {
    const { name } = await written({ message: "a", level: "INFO" }, { message: "b", level: "ERROR" }, "b c");
    const client = land.client();
    expect(texts(await client.page(name, { query: "b" }))).toEqual(["b", "b c"]);
    expect(texts(await client.page(name, { level: "WARNING" }))).toEqual(["b"]);
    expect(texts(await client.page(name, { since: "-1h", until: new Date() }))).toEqual(["a", "b", "b c"]);
    expect(texts(await client.page(name, { until: 1000 }))).toEqual([]);
  });

  test("of several streams comes merged, and gaps say of which", async () => {
    const one = await written("a");
    const two = await written("b");
    const client = land.client();
    await client.clear(one.name);
    const page = await client.page([one.name, two.name], { after: "0-0" });
    expect(texts(page)).toEqual(["b"]);
    expect(page.gaps).toMatchObject([{ stream: one.name, reason: "cleared", count: 1 }]);
    expect(page.previous).toBeNull();
    const single = await client.page(one.name);
    expect(single.gaps).toMatchObject([{ stream: one.name, reason: "cleared", count: 1 }]);
  });

  test("has its newest records, the oldest of them first", async () => {
    const { name } = await written("a", "b", "c");
    expect(texts(await land.client().latest(name, { limit: 2 }))).toEqual(["b", "c"]);
  });

  test("has those around one; and tells what never was from what is not kept any more", async () => {
    const { name, ids } = await written("a", "b", "c", "d", "e");
    const client = land.client();
    expect(texts(await client.context(name, String(ids[2]), 1))).toEqual(["b", "c", "d"]);
    await expect(client.context(name, "5-99")).rejects.toMatchObject({ code: "not_found", status: 404 });
    await client.clear(name);
    await expect(client.context(name, String(ids[2]))).rejects.toMatchObject({ code: "gone", status: 410 });
  });

  test("has totals", async () => {
    const { name, ids } = await written({ message: "a", level: "INFO" }, { message: "b", level: "ERROR" });
    const summary = await land.client().summary(name, { buckets: 10 });
    expect(summary).toMatchObject({ total: 2, by_level: { INFO: 1, ERROR: 1 }, missing: 0 });
    expect([summary.first?.id, summary.last?.id]).toEqual(ids);
    expect(summary.histogram.buckets.reduce((sum, { total }) => sum + total, 0)).toBe(2);
  });

  test("is downloaded as it comes", async () => {
    const { name } = await written("a", "b");
    const answer = await land.client().download(name, "jsonl", { query: "b" });
    expect(answer.headers.get("Content-Type")).toContain("ndjson");
    const lines = (await answer.text()).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).message)).toEqual(["b"]);
  });

  test("names the streams there are, with their horizon", async () => {
    const { name, ids } = await written("a", "b");
    const found = (await land.client().streams()).find(({ stream }) => stream === name);
    expect(found).toMatchObject({ oldest: ids[0], newest: ids[1], records: 2 });
  });

  test("says what was wrong with a question", async () => {
    const client = land.client();
    const failure = { code: "bad_request", status: 400, parameter: "query", position: 6, length: 0 };
    await expect(client.page("s1", { query: "level:" })).rejects.toMatchObject(failure);
    await expect(client.page("a b")).rejects.toMatchObject({ code: "bad_request", parameter: "stream" });
    await expect(client.page("a/../b")).rejects.toMatchObject({ code: "not_found" });
  });

  test("is given up when nobody wants it any more", async () => {
    await expect(land.client().page("s1", { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: "AbortError",
    });
  });

  test("comes from the next gateway when one is away", async () => {
    const { name } = await written("a");
    const away = `http://127.0.0.1:${await freePort()}`;
    const client = land.client({}, [away, land.gateway.url]);
    expect(texts(await client.latest(name))).toEqual(["a"]);
    const subscription = client.subscribe({ streams: name });
    expect(subscription.state.url).toBe(land.gateway.url);
    await expect(land.client({}, [away]).latest(name)).rejects.toMatchObject({ code: "network" });
  });

  test("any other request is answered, whatever the answer", async () => {
    const client = land.client();
    expect((await client.request("/api/health")).status).toBe(200);
    expect((await client.request("api/nothing")).status).toBe(404);
  });

  test("nothing is asked of a closed client", async () => {
    const client = land.client();
    client.close();
    await expect(client.latest("s1")).rejects.toMatchObject({ code: "closed" });
    expect(() => client.subscribe({ streams: "s1" })).toThrow("this client is closed");
    expect(() => client.services(() => {})).toThrow("this client is closed");
  });
});

describe("requests to gateways that fail", () => {
  async function failing(status: number, body = ""): Promise<{ gateway: ScriptedGateway; seen: string[] }> {
    const seen: string[] = [];
    const gateway = await ScriptedGateway.start(
      () => {},
      (request, response) => {
        seen.push(String(request.method));
        response.writeHead(status, { "Content-Type": "application/json" }).end(body);
      },
    );
    return { gateway, seen };
  }

  const land = new Landscape(0);

  test("what can be asked twice is asked of the next one, what cannot is not", async () => {
    const [first, second] = [await failing(503), await failing(200, "{}")];
    const client = land.client({}, [first.gateway.url, second.gateway.url]);
    expect((await client.request("api/x", { method: "POST", body: "{}" })).status).toBe(503);
    expect([first.seen, second.seen]).toEqual([["POST"], []]);
    const headers = { "Idempotency-Key": "k" };
    expect((await client.request("api/x", { method: "POST", body: "{}", headers })).status).toBe(200);
    expect((await client.request("api/x", { method: "DELETE" })).status).toBe(200);
    expect([first.seen, second.seen]).toEqual([
      ["POST", "POST"],
      ["POST", "DELETE"],
    ]);
    await first.gateway.stop();
    await second.gateway.stop();
  });

  test("what clears a stream is asked once: more may have been written since", async () => {
    const [first, second] = [await failing(503), await failing(200, '{"cleared":"9-9"}')];
    const client = land.client({}, [first.gateway.url, second.gateway.url]);
    await expect(client.clear("api")).rejects.toMatchObject({ code: "unavailable", status: 503 });
    expect([first.seen, second.seen]).toEqual([["DELETE"], []]);
    await first.gateway.stop();
    await second.gateway.stop();
  });

  test("a gateway that is frozen is passed over, and asked as long as it takes when it is the last", async () => {
    const answers: ServerResponse[] = [];
    const frozen = await ScriptedGateway.start(
      () => {},
      (_, answer) => answers.push(answer),
    );
    const other = await failing(200, '{"records":[],"next":null,"gaps":[]}');
    const both = land.client({}, [frozen.url, other.gateway.url], { silence: 100 });
    expect(await both.latest("api")).toMatchObject({ records: [] });
    await until(() => answers[0]?.closed, "that the frozen one is let go");
    const single = land.client({}, [frozen.url], { silence: 1 }).latest("api");
    await until(() => answers.length === 2, "the question");
    await new Promise((resolve) => setTimeout(resolve, 50)); // many times as long as another one would be waited for
    answers[1]?.end('{"records":[],"next":"9-9","gaps":[]}');
    expect(await single).toMatchObject({ next: "9-9" });
    const abort = new AbortController();
    const given = both.context("api", "9-9", 5, abort.signal);
    abort.abort();
    await expect(given).rejects.toMatchObject({ name: "AbortError" });
    await frozen.stop();
    await other.gateway.stop();
  });

  test("an old runtime waits for a frozen one, and its callers can give it up", async () => {
    const frozen = await ScriptedGateway.start(
      () => {},
      () => {},
    );
    vi.stubGlobal("AbortSignal", { any: undefined });
    try {
      const abort = new AbortController();
      const given = land.client({}, [frozen.url]).context("api", "9-9", 5, abort.signal);
      abort.abort();
      await expect(given).rejects.toMatchObject({ name: "AbortError" });
    } finally {
      vi.unstubAllGlobals();
      await frozen.stop();
    }
  });

  test("a time that is none is a mistake like any other", async () => {
    const asked = land.client({}, ["http://127.0.0.1:1"]).page("api", { since: Number.NaN });
    await expect(asked).rejects.toMatchObject({ name: "TailraceError", code: "bad_request" });
  });

  test.each([
    [200, "{}", "unreadable"],
    [200, "null", "unreadable"],
    [503, '{"detail":{"toString":null}}', "unavailable"],
    [200, "<html>", "unreadable"],
    [503, '{"detail":"Redis does not answer"}', "unavailable"],
    [429, '{"detail":"slower"}', "too_many"],
    [500, "oops", "unavailable"],
    [418, "", "bad_request"],
  ])("an answer of %i is an error with a code: %s", async (status, body, code) => {
    const { gateway } = await failing(status, body);
    const failure = await land
      .client({}, [gateway.url])
      .latest("api")
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "TailraceError", code });
    await gateway.stop();
  });
});
