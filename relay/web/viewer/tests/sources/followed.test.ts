import type { Service } from "@tailrace/client";
import { describe, expect, test } from "vitest";
import { followedStreams, preselected, remembered, streamsOf } from "../../src/sources/followed.ts";
import { EMPTY } from "../../src/state/address.ts";
import { service } from "./services.ts";

const NOTHING = new Map<string, string[]>();

describe("what an address leaves open", () => {
  test("is the first running service", () => {
    const services = [service("api", { running: 0, exited: 2 }), service("mail"), service("web")];
    expect(preselected(EMPTY, services)).toEqual({ services: ["mail"] });
  });

  test("is else the first, else all streams", () => {
    expect(preselected(EMPTY, [service("api", { running: 0, lost: 1 })])).toEqual({ services: ["api"] });
    expect(preselected(EMPTY, [])).toEqual({ streams: ["*"] });
  });

  test("is the stream of a record that is looked at", () => {
    expect(preselected({ ...EMPTY, record: "run:a-1/1763683200000-42" }, null)).toEqual({ streams: ["run:a-1"] });
  });

  test("is nothing while nobody knows, or where something is named", () => {
    expect(preselected(EMPTY, null)).toBeNull();
    expect(preselected({ ...EMPTY, streams: ["api"] }, [])).toBeNull();
    expect(preselected({ ...EMPTY, services: ["api"] }, [])).toBeNull();
    expect(preselected({ ...EMPTY, run: "run:a" }, [])).toBeNull();
  });
});

describe("the streams of services", () => {
  const chosen = { services: ["api", "jobs"], streams: [] };
  const services: Service[] = [service("api", {}, ["api", "run:7"]), service("jobs", {}, ["run:1", "run:2"])];

  test("are those of no run, where there are such", () => {
    expect(services.map(streamsOf)).toEqual([["api"], ["run:1", "run:2"]]);
  });

  test("stay when a process ends or the service is gone", () => {
    const known = remembered(NOTHING, ["api"], [service("api", {}, ["api", "audit"])]);
    const later = remembered(known, ["api"], [service("api", {}, ["api"])]);
    expect(followedStreams({ services: ["api"], streams: [] }, later, [], true)).toEqual(["api", "audit"]);
    expect(followedStreams({ services: ["api"], streams: [] }, later, null, true)).toEqual(["api", "audit"]);
  });

  test("are forgotten with the choice, and bounded", () => {
    const many = Array.from({ length: 100 }, (_, n) => `s${n}`);
    const known = remembered(NOTHING, ["api"], [service("api", {}, many)]);
    expect(known.get("api")).toHaveLength(64);
    expect(remembered(known, ["mail"], [])).toEqual(new Map());
  });

  test("are one of its own name where nothing is known of it", () => {
    expect(followedStreams({ services: ["api", "no name"], streams: [] }, NOTHING, [], true)).toEqual(["api"]);
  });

  test("wait for the status, but not for ever", () => {
    expect(followedStreams(chosen, NOTHING, null, false)).toEqual([]);
    expect(followedStreams(chosen, NOTHING, null, true)).toEqual(["api", "jobs"]);
    expect(followedStreams({ services: [], streams: [] }, NOTHING, null, true)).toEqual(["*"]);
    expect(followedStreams({ services: [], streams: ["mail"] }, NOTHING, null, true)).toEqual([]);
  });
});
