import { afterEach, describe, expect, test } from "vitest";
import type { Client, Service } from "../src/index.ts";
import { connect } from "../src/index.ts";
import { missing, until } from "./gateway.ts";
import { Landscape, NodeWebSocket } from "./landscape.ts";
import { ScriptedGateway, type Visit } from "./scripted.ts";
import { catching } from "./uncaught.ts";

const named = (service: string, health = "healthy") => ({ service, health });

describe("the status of services", () => {
  const open: (Client | ScriptedGateway)[] = [];

  afterEach(async () => {
    for (const each of open.splice(0)) await ("stop" in each ? each.stop() : each.close());
  });

  async function following(script: (visit: Visit, count: number) => void) {
    const gateway = await ScriptedGateway.start(script);
    const client = connect(gateway.url, { WebSocket: NodeWebSocket });
    open.push(client, gateway);
    const told: (string[] | null)[] = [];
    const listen = () =>
      client.services((services: Service[] | null) => {
        told.push(services?.map(({ service, health }) => `${service} ${health}`) ?? null);
      });
    return { gateway, told, listen };
  }

  const status = (state: string, services: object[] = [], removed: string[] = []) => ({
    type: "status",
    state,
    services,
    removed,
  });

  test("is told at once, and whenever anything changes", async () => {
    const { told, listen } = await following((visit) => {
      visit.say(status("services", [named("b"), named("a")]));
      visit.say(status("changed", [named("a", "down"), named("c")]));
      visit.say(status("changed", [], ["b"]));
      visit.say(status("unavailable"));
      visit.say(status("services", [named("d")]));
    });
    listen();
    expect(told).toEqual([null]);
    await until(() => told.length === 6, "all of it");
    expect(told).toEqual([
      null,
      ["a healthy", "b healthy"],
      ["a down", "b healthy", "c healthy"],
      ["a down", "c healthy"],
      null,
      ["d healthy"],
    ]);
  });

  test("comes on one connection for all who listen, and none when nobody does", async () => {
    const { gateway, told, listen } = await following((visit) => visit.say(status("services", [named("a")])));
    const [stop, stopToo] = [listen(), listen()];
    await until(() => told.length === 4, "both of them");
    listen()();
    expect(told.at(-1)).toEqual(["a healthy"]);
    expect(gateway.visits.map(({ address }) => address.pathname)).toEqual(["/api/status"]);
    stop();
    stopToo();
    stopToo();
    listen();
    expect(told.at(-1)).toBeNull();
    await until(() => gateway.visits.length === 2, "another connection");
  });

  test("is kept while the next gateway is asked, and replaced by what it says", async () => {
    const { told, listen } = await following((visit, count) => {
      visit.say(status("services", [named(count ? "b" : "a")]));
      if (!count) visit.close(3002);
    });
    listen();
    await until(() => told.length === 3, "the other one");
    expect(told).toEqual([null, ["a healthy"], ["b healthy"]]);
  });

  test("is not known when no gateway answers, nor where it may not be", async () => {
    const { told, listen } = await following((visit, count) => {
      if (!count) visit.say(status("services", [named("a")]));
      visit.close(count ? 4003 : 3002);
    });
    listen();
    await until(() => told.length === 3, "that it is not known");
    expect(told).toEqual([null, ["a healthy"], null]);
  });

  test("is asked for anew when it makes no sense", async () => {
    const { gateway, told, listen } = await following((visit, count) => {
      visit.say(status("services", [named(count ? "b" : "a")]));
      if (!count) visit.say("?");
    });
    listen();
    await until(() => told.length === 3, "the other one");
    expect([told.at(-1), gateway.visits.length]).toEqual([["b healthy"], 2]);
  });
});

describe.skipIf(missing)("the status of services of a real gateway", () => {
  const land = new Landscape(1);

  test.each(["websocket", "sse"] as const)("is an empty list where none runs, over %s", async (transport) => {
    let known: Service[] | null = null;
    land.client({ transport }).services((services) => {
      known = services;
    });
    await until(() => known, "the services");
    expect(known).toEqual([]);
  });

  test.each(["websocket", "sse"] as const)("is told to others than one that fails, over %s", async (transport) => {
    await catching(async (failures) => {
      const client = land.client({ transport });
      let heard = 0;
      const fail = () => {
        heard += 1;
        throw new Error("the page's own mistake");
      };
      const told: (Service[] | null)[] = [];
      client.services(fail);
      client.services((services) => told.push(services));
      await until(() => told.length > 1, "the services");
      await until(() => failures.length > 1, "the errors where uncaught ones go");
      expect([told, heard]).toEqual([[null, []], 2]);
      expect(failures).toMatchObject(Array(2).fill({ message: "the page's own mistake" }));
    });
  });
});
