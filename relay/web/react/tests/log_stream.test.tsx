import "./dom.ts";
import { Component, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Gateway, missing, Redis, until } from "../../client/tests/gateway.ts";
import { type LogStream, type LogStreamOptions, useLogStream } from "../src/index.ts";
import { Rendered, Sockets } from "./rendering.tsx";

type Stream = Rendered<LogStreamOptions, LogStream>;

describe.skipIf(missing)("useLogStream", () => {
  let redis: Redis;
  let gateway: Gateway;
  let sockets: Sockets;
  const rendered: Stream[] = [];

  beforeAll(async () => {
    redis = await Redis.start();
    gateway = await Gateway.start(redis);
  });

  afterAll(async () => {
    await gateway?.kill();
    await redis?.stop();
  });

  afterEach(async () => {
    for (const each of rendered.splice(0)) each.unmount();
    await until(() => sockets.open === 0, "all connections to be closed");
  });

  function use(options: LogStreamOptions, more: { strict?: boolean } = {}): Stream {
    sockets = new Sockets();
    const stream: Stream = new Rendered(sockets.client(gateway.url), useLogStream, options, more);
    rendered.push(stream);
    return stream;
  }

  it("gives the newest kept and what comes", async () => {
    await gateway.write("newest", ["one", "two", "three"]);
    const stream = use({ streams: "newest", tail: 2 });
    await stream.until(({ logs }) => texts(logs).join() === "two,three", "the tail");
    await gateway.write("newest", ["four"]);
    const { isConnected, error, gaps } = await stream.until(({ logs }) => logs.length === 3, "the new one");
    expect(isConnected).toBe(true);
    expect(error).toBeNull();
    expect(gaps).toEqual([]);
  });

  it("shows nothing of one service to who asked for another", async () => {
    await gateway.write("cart", ["of cart"]);
    await gateway.write("mail", ["of mail"]);
    const stream = use({ serviceName: "cart" });
    await stream.until(({ logs }) => texts(logs).join() === "of cart", "cart");
    const before = stream.results.length;
    stream.render({ serviceName: "mail" });
    await stream.until(({ logs }) => texts(logs).join() === "of mail", "mail");
    expect(stream.results.slice(before).flatMap(({ logs }) => texts(logs))).not.toContain("of cart");
    await until(() => sockets.open === 1, "the first connection to be closed");
    expect(sockets.made).toBe(2);
  });

  it("keeps its connection when it is rendered again with the same question", async () => {
    await gateway.write("same", ["one"]);
    const stream = use({ streams: ["same"] });
    await stream.until(({ logs }) => logs.length === 1, "one");
    stream.render({ streams: ["same"], query: undefined as never });
    stream.render({ streams: ["same"] });
    await gateway.write("same", ["two"]);
    await stream.until(({ logs }) => logs.length === 2, "two");
    expect(sockets.made).toBe(1);
  });

  it("renders a burst at most once per animation frame", async () => {
    const stream = use({ streams: "burst" });
    await stream.until(({ isConnected }) => isConnected, "connected");
    let frames = 0;
    let counting = true;
    const count = () => {
      frames += 1;
      if (counting) requestAnimationFrame(count);
    };
    requestAnimationFrame(count);
    const before = stream.results.length;
    for (let at = 0; at < 2_000; at += 100) await gateway.write("burst", numbered(at, at + 100));
    await stream.until(({ logs }) => logs.length === 2_000, "all of the burst");
    counting = false;
    expect(texts(stream.now.logs)).toEqual(numbered(0, 2_000));
    expect(stream.results.length - before).toBeLessThanOrEqual(frames + 1);
  });

  it("keeps at most so many, the newest", async () => {
    await gateway.write("bounded", numbered(0, 50));
    const stream = use({ streams: "bounded", max: 20 });
    await stream.until(({ logs }) => logs.length === 20, "the newest");
    expect(texts(stream.now.logs)).toEqual(numbered(30, 50));
  });

  it("stands still while paused and then gives all that came", async () => {
    await gateway.write("paused", ["before"]);
    const stream = use({ streams: "paused" });
    await stream.until(({ logs }) => logs.length === 1, "before");
    stream.now.pause();
    await gateway.write("paused", ["one", "two"]);
    await stream.until(({ pending }) => pending === 2, "two pending");
    expect(texts(stream.now.logs)).toEqual(["before"]);
    stream.now.resume();
    await stream.until(({ pending }) => pending === 0, "none pending");
    expect(texts(stream.now.logs)).toEqual(["before", "one", "two"]);
  });

  it("is emptied by clearLogs and goes on", async () => {
    await gateway.write("emptied", ["before"]);
    const stream = use({ streams: "emptied" });
    await stream.until(({ logs }) => logs.length === 1, "before");
    stream.now.clearLogs();
    await stream.until(({ logs }) => logs.length === 0, "nothing");
    await gateway.write("emptied", ["after"]);
    await stream.until(({ logs }) => texts(logs).join() === "after", "after");
  });

  it("takes away what somebody cleared, and says so", async () => {
    await gateway.write("cleared", ["before"]);
    const stream = use({ streams: "cleared" });
    await stream.until(({ logs }) => logs.length === 1, "before");
    await fetch(`${gateway.url}/api/streams/cleared/records`, { method: "DELETE" });
    await stream.until(({ gaps }) => gaps.length === 1, "the gap");
    expect(stream.now.gaps[0]?.reason).toBe("cleared");
    expect(stream.now.logs).toEqual([]);
  });

  it("says where a query is wrong", async () => {
    const stream = use({ streams: "wrong", query: "level:" });
    const { error, isConnected } = await stream.until(({ error }) => error !== null, "an error");
    expect(error?.parameter).toBe("query");
    expect(error?.position).toBe(6);
    expect(isConnected).toBe(false);
  });

  it("does not connect while it is not enabled", async () => {
    await gateway.write("enabled", ["one"]);
    const stream = use({ streams: "enabled", enabled: false });
    await until(() => stream.results.length > 0, "a rendering");
    expect(sockets.made).toBe(0);
    stream.render({ streams: "enabled" });
    await stream.until(({ logs }) => logs.length === 1, "one");
    stream.render({ streams: "enabled", enabled: false });
    await until(() => sockets.open === 0, "the connection to be closed");
    await stream.until(({ isConnected }) => !isConnected, "not connected");
    expect(texts(stream.now.logs)).toEqual(["one"]);
  });

  it("goes on where it was when it is enabled again, and asks for no tail anew", async () => {
    await gateway.write("again", numbered(0, 5));
    const stream = use({ streams: "again", tail: 2 });
    await stream.until(({ logs }) => logs.length === 2, "the tail");
    stream.now.pause();
    stream.render({ streams: "again", tail: 2, enabled: false });
    await stream.until(({ isConnected }) => !isConnected, "not connected");
    await gateway.write("again", numbered(5, 9));
    stream.render({ streams: "again", tail: 2 });
    await stream.until(({ pending }) => pending === 4, "what came meanwhile, while it is paused");
    stream.now.resume();
    await stream.until(({ logs }) => texts(logs).join() === numbered(3, 9).join(), "all of it, once");
    expect(sockets.made).toBe(2);
  });

  it("keeps more or fewer without asking anew", async () => {
    await gateway.write("fewer", numbered(0, 10));
    const stream = use({ streams: "fewer" });
    await stream.until(({ logs }) => logs.length === 10, "all");
    stream.render({ streams: "fewer", max: 4 });
    await stream.until(({ logs }) => texts(logs).join() === numbered(6, 10).join(), "the newest");
    stream.render({ streams: "fewer", max: 6 });
    await gateway.write("fewer", numbered(10, 12));
    await stream.until(({ logs }) => texts(logs).join() === numbered(6, 12).join(), "those and more");
    expect(sockets.made).toBe(1);
  });

  it("counts what waits, however much of another stream is cleared", async () => {
    const stream = use({ streams: ["waiting.a", "waiting.b"], max: 2 });
    await gateway.write("waiting.a", ["a"]);
    await stream.until(({ logs }) => logs.length === 1, "one");
    stream.now.pause();
    await gateway.write("waiting.b", numbered(0, 6));
    await stream.until(({ pending }) => pending === 6, "six");
    await fetch(`${gateway.url}/api/streams/waiting.a/records`, { method: "DELETE" });
    await stream.until(({ gaps, logs }) => gaps.length === 1 && logs.length === 0, "the clearing");
    expect(stream.now.pending).toBe(6);
  });

  it("is the same object as long as nothing is different", async () => {
    const stream = use({ streams: "quiet" });
    await stream.until(({ isConnected }) => isConnected, "connected");
    const rendered = stream.results.length;
    // A heartbeat has another cursor, and comes every 5 s.
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    expect(stream.results.length).toBe(rendered);
  });

  it("has one connection and each record once in StrictMode, and none behind it", async () => {
    await gateway.write("strict", ["one"]);
    const stream = use({ streams: "strict" }, { strict: true });
    await stream.until(({ logs }) => logs.length === 1, "one");
    await until(() => sockets.open === 1, "one connection");
    await gateway.write("strict", ["two"]);
    await stream.until(({ logs }) => texts(logs).join() === "one,two", "two");
    stream.unmount();
    await until(() => sockets.open === 0, "no connection");
  });
});

it("asks for a provider where there is none", async () => {
  const seen: string[] = [];
  class Catching extends Component<{ children: ReactNode }> {
    override state = { failed: false };
    static getDerivedStateFromError() {
      return { failed: true };
    }
    override componentDidCatch(error: Error) {
      seen.push(error.message);
    }
    override render() {
      return this.state.failed ? null : this.props.children;
    }
  }
  function Alone() {
    useLogStream({ streams: "api" });
    return null;
  }
  const root = createRoot(document.createElement("div"), { onCaughtError: () => undefined });
  root.render(
    <Catching>
      <Alone />
    </Catching>,
  );
  await until(() => seen.length > 0, "the mistake");
  expect(seen[0]).toContain("<TailraceProvider>");
  root.unmount();
});

function texts(logs: LogStream["logs"]): string[] {
  return logs.map((record) => record.message);
}

function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => String(from + index));
}
