import { describe, expect, test } from "vitest";
import { found, serviceChoices, streamChoices, typedChoice, worstHealth } from "../../src/sources/listing.ts";
import { horizon, service } from "./services.ts";

const NOW = 1_763_683_200_000;

describe("services", () => {
  test("say how many instances run, exited and were lost, and how much they log", () => {
    const degraded = { ...service("api", { running: 2, lost: 1 }), error_rate: 0.1, reasons: ["lost", "behind"] };
    const [api, mail, web] = serviceChoices([degraded, service("mail", { running: 0, exited: 3 }), service("web")], []);
    expect(api).toMatchObject({ health: "degraded", facts: ["degraded", "2 running", "12.4/s"] });
    expect(api?.problems).toEqual(["1 lost", "0.1 errors/s", "waits for Redis"]);
    expect(mail).toMatchObject({ health: "stopped", facts: ["stopped", "3 exited", "12.4/s"] });
    expect(web).toMatchObject({ health: "running", facts: ["1 running", "12.4/s"], problems: [] });
  });

  test("that are chosen stay when they are gone, and are said to be", () => {
    const [, gone] = serviceChoices([service("api")], ["api", "mail"]);
    expect(gone).toMatchObject({ name: "mail", chosen: true, health: "gone" });
    expect(gone?.facts[0]).toContain("gone");
    expect(serviceChoices(null, ["mail"])[0]).toMatchObject({ name: "mail", health: null, facts: [] });
  });

  test("show the worst health of those that are chosen", () => {
    const services = [service("api"), service("mail", { running: 0, lost: 1 })];
    expect(worstHealth(serviceChoices(services, ["api"]))).toBe("running");
    expect(worstHealth(serviceChoices(services, ["api", "mail"]))).toBe("down");
    expect(worstHealth(serviceChoices(services, []))).toBeNull();
  });
});

describe("streams", () => {
  const streams = [horizon("api"), horizon("imports", 1_200, NOW - 60_000), horizon("run:7")];
  const choices = streamChoices(streams, [service("api")], ["run:*", "run:7"], NOW);

  test("are those of no service and no run, and what else is chosen", () => {
    expect(choices.map(({ name, chosen }) => [name, chosen])).toEqual([
      ["*", false],
      ["run:*", true],
      ["run:7", true],
      ["imports", false],
    ]);
  });

  test("say how many records they keep and when the last one came", () => {
    expect(choices.at(-1)?.facts).toEqual(["1,200 records", "1 min ago"]);
  });

  test("are found by some of their name, in any case", () => {
    expect(found(choices, "IMP").map(({ name }) => name)).toEqual(["imports"]);
    expect(found(choices, " ").length).toBe(choices.length);
    expect(found(choices, "all").map(({ name }) => name)).toEqual(["*"]);
  });

  test("can be typed, as names and as globs", () => {
    expect(typedChoice("worker.*", choices)).toMatchObject({ kind: "streams", name: "worker.*" });
    expect(typedChoice("imports", choices)).toBeNull();
    expect(typedChoice("no/name", choices)).toBeNull();
    expect(typedChoice("", choices)).toBeNull();
  });
});
