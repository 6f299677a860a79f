import { describe, expect, test } from "vitest";
import { TailraceError } from "../src/errors.ts";
import { addressAt, Gateways } from "../src/gateways.ts";

const [A, B, C] = ["http://a", "http://b", "http://c"];

test.each([
  ["http://a:8000", "http://a:8000/"],
  ["http://a:8000/", "http://a:8000/"],
  ["https://a/logs", "https://a/logs/"],
  ["https://a/logs//?x=1#y", "https://a/logs/"],
  ["ws://a", "http://a/"],
  ["wss://a/b", "https://a/b/"],
])("%s is a gateway", (url, base) => {
  expect(new Gateways(url).best).toEqual({ url, base });
});

test.each(["", "a:8000", "/", "ftp://a", "javascript:alert(1)"])("%j is none, outside a page", (url) => {
  expect(() => new Gateways(url)).toThrow(TailraceError);
});

test("there must be one", () => {
  expect(() => new Gateways([])).toThrow("not a gateway's address: ''; right would be http://127.0.0.1:8000");
});

describe("an address", () => {
  const gateway = new Gateways("https://a/logs").best;

  test("lies below the gateway", () => {
    expect(addressAt(gateway, "api/live", { streams: "a,run:*", query: "x y&z=1" }).href).toBe(
      "https://a/logs/api/live?streams=a%2Crun%3A*&query=x+y%26z%3D1",
    );
  });

  test.each(["https://evil/", "//evil/x", "\\\\evil/x", "/api/x", "\t//evil", "@evil/x", ":81/x"])(
    "is never of another host: %j",
    (path) => {
      expect(addressAt(gateway, path)).toMatchObject({ host: "a", protocol: "https:", username: "" });
    },
  );
});

describe("gateways in turn", () => {
  const gateways = new Gateways([A, B, C]);

  function after(...out: string[]): string[] {
    const left = new Set(gateways.all.filter(({ url }) => out.includes(url)));
    return gateways.all.map((gateway) => gateways.after(gateway, left)?.url ?? "none");
  }

  test("the next one follows, round and round", () => {
    expect(after()).toEqual([B, C, A]);
  });

  test("one that refused is passed over, until all have", () => {
    expect(after(B)).toEqual([C, C, A]);
    expect(after(B, C)).toEqual([A, A, A]);
    expect(after(A, B, C)).toEqual(["none", "none", "none"]);
  });

  test("the one that answered last is asked first by all", () => {
    gateways.best = gateways.after(gateways.best, new Set()) ?? gateways.best;
    expect(gateways.inOrder().map(({ url }) => url)).toEqual([B, A, C]);
  });
});
