import "./dom.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Gateway, missing, Redis } from "../../client/tests/gateway.ts";
import { useServices } from "../src/index.ts";
import { Agent } from "./agent.ts";
import { Rendered, Sockets } from "./rendering.tsx";

describe.skipIf(missing)("useServices", () => {
  let redis: Redis;
  let gateway: Gateway;

  beforeAll(async () => {
    redis = await Redis.start();
    gateway = await Gateway.start(redis);
  });

  afterAll(async () => {
    await gateway?.kill();
    await redis?.stop();
  });

  it("gives the services as they come", async () => {
    const sockets = new Sockets();
    const rendered = new Rendered(sockets.client(gateway.url), useServices, {});
    await rendered.until((services) => services?.length === 0, "no services");
    const agent = new Agent(redis, gateway, "cart");
    const services = await rendered.until((services) => services?.length === 1, "the service");
    expect(services?.[0]?.service).toBe("cart");
    expect(services?.[0]?.instances.running).toBe(1);
    rendered.unmount();
    await agent.stop();
  });
});
