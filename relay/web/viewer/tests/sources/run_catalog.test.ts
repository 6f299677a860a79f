import type { LogRecord, StreamHorizon } from "@tailrace/client";
import { describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import { RunCatalog } from "../../src/sources/run_catalog.ts";
import { horizon, record } from "./services.ts";

/** A gateway that has these streams, each with one record; what it was asked for. */
function gateway(streams: StreamHorizon[], last: (stream: string) => LogRecord = () => record("start")) {
  const asked: string[] = [];
  const found = { streams, failure: "" };
  const answer = (name: string, stream: string) => {
    asked.push(stream ? `${name} ${stream}` : name);
    if (found.failure) throw new Error(found.failure);
    if (name === "streams") return found.streams;
    return name === "summary" ? { total: 3 } : { records: [last(stream)], next: null, previous: null, gaps: [] };
  };
  const engine = { call: async (name: string, stream = "") => answer(name, stream) } as unknown as Engine;
  return { engine, asked, found };
}

const runs = (many: number) => Array.from({ length: many }, (_, n) => horizon(`run:${n}`, 1, 1_000_000 + n));

describe("the catalog of runs", () => {
  test("has the newest, and more when somebody wants more", async () => {
    const catalog = new RunCatalog(gateway(runs(60)).engine);
    await catalog.look();
    expect(catalog.runs.value).toHaveLength(25);
    expect(catalog.runs.value?.[0]?.stream).toBe("run:59");
    expect(catalog.total.value).toBe(60);
    await catalog.more();
    expect(catalog.runs.value).toHaveLength(50);
    await catalog.more();
    expect(catalog.runs.value).toHaveLength(60);
  });

  test("looks again into those alone in which something is new", async () => {
    const { engine, asked, found } = gateway(runs(3), (stream) => record(stream === "run:1" ? "finish" : "start"));
    const catalog = new RunCatalog(engine);
    await catalog.look();
    found.streams = [...runs(2), horizon("run:2", 5, 2_000_000)];
    asked.length = 0;
    await catalog.look();
    expect([...new Set(asked)]).toEqual(["streams", "page run:2", "latest run:2"]);
    expect(catalog.runs.value?.map(({ state, errors }) => [state, errors])).toEqual([
      ["running", 4],
      ["ok", 3],
      ["running", 3],
    ]);
  });

  test("keeps what it knows when a gateway does not answer, and says so", async () => {
    const { engine, found } = gateway(runs(2));
    const catalog = new RunCatalog(engine);
    await catalog.look();
    found.failure = "no gateway answers";
    await catalog.look();
    expect(catalog.failure.value).toBe("The runs could not be listed: no gateway answers");
    expect(catalog.runs.value).toHaveLength(2);
    found.failure = "";
    await catalog.look();
    expect(catalog.failure.value).toBe("");
  });

  test("lists the others when one cannot be read, and reads that one again", async () => {
    let isGone = true;
    const { engine } = gateway(runs(3), (stream) => {
      if (isGone && stream === "run:1") throw new Error("no such stream");
      return record("start");
    });
    const catalog = new RunCatalog(engine);
    await catalog.look();
    expect(catalog.runs.value?.map(({ stream }) => stream)).toEqual(["run:2", "run:0"]);
    expect(catalog.failure.value).toBe("run:1 could not be read: no such stream");
    isGone = false;
    await catalog.look();
    expect(catalog.runs.value).toHaveLength(3);
    expect(catalog.failure.value).toBe("");
  });

  test("looks once for all who ask at the same time", async () => {
    const { engine, asked } = gateway([]);
    const catalog = new RunCatalog(engine);
    await Promise.all([catalog.look(), catalog.look()]);
    expect(asked).toEqual(["streams"]);
  });
});
