import { describe, expect, test } from "vitest";
import { EMPTY, readView, rewriteView, type View, writeView } from "../../src/state/address.ts";

const FULL: View = {
  services: ["shop", "worker"],
  streams: ["api", "run:*"],
  query: 'level:>=error "a & b" OR path:/x?y=1#z',
  levels: ["info", "error"],
  sources: ["stderr", "logging"],
  tail: 500,
  since: "-15m",
  until: "2026-11-21T10:30:00+02:00",
  panels: "dual",
  find: "100 %",
  record: "run:8f3a/1795310000000-12",
  run: "run:8f3a",
};

describe("the address of a view", () => {
  test("says all of it", () => {
    expect(readView(writeView(FULL))).toEqual(FULL);
  });

  test("is empty for a view that is", () => {
    expect(writeView(EMPTY)).toBe("");
    expect(readView("")).toEqual(EMPTY);
  });

  test("is one that people can read", () => {
    expect(writeView({ ...EMPTY, streams: ["api", "run:*"], record: "api/1-2" })).toBe(
      "?streams=api,run:*&record=api/1-2",
    );
  });

  test("is the same for the same levels in any order", () => {
    expect(writeView({ ...EMPTY, levels: ["error", "info"] })).toBe(writeView({ ...EMPTY, levels: ["info", "error"] }));
  });

  test.each([
    ["a comma", "a,b"],
    ["a backslash", "C:\\logs"],
    ["a backslash at its end", "a\\"],
    ["a backslash before a comma", "a\\,b"],
    ["letters of any script", "журнал 日誌 😀"],
    ["line ends and control characters", "a\nb\u0007"],
    ["what addresses are made of", "a&b=c#d?e+f%20"],
  ])("holds names with %s", (_, name) => {
    const view = { ...EMPTY, services: [name, "plain"], sources: ["plain", name] };
    expect(readView(writeView(view))).toEqual(view);
  });

  test("names nothing twice", () => {
    expect(readView("?services=a,b,a").services).toEqual(["a", "b"]);
  });

  test("is as if what cannot be read in it were not there", () => {
    expect(readView("?levels=loud,error,,&tail=7&panels=three&what=ever")).toEqual({ ...EMPTY, levels: ["error"] });
  });

  test("keeps the gateways that the page was opened with, and no token", () => {
    const before = "?gateways=http://127.0.0.1:8001&token=secret&query=old";
    expect(rewriteView({ ...EMPTY, query: "new" }, before)).toBe("?gateways=http://127.0.0.1:8001&query=new");
  });
});
