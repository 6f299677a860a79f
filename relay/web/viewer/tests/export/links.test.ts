import { expect, test } from "vitest";
import { downloadLink, permalink } from "../../src/export/links.ts";

const QUESTION = { streams: ["api"], query: "", tail: 100, since: "", until: "", record: "" };

test("a permalink goes to the gateway that the page came from, also under a prefix", () => {
  expect(permalink("https://logs.example/tail/", "run:1/17-3")).toBe("https://logs.example/tail/r/run:1/17-3");
});

test("a download selects what the question does", () => {
  expect(downloadLink("http://127.0.0.1:8000/", "run:1", "csv", QUESTION)).toBe(
    "http://127.0.0.1:8000/api/streams/run%3A1/records/download?format=csv",
  );
  const link = new URL(
    downloadLink("http://127.0.0.1:8000/", "api", "txt", { ...QUESTION, query: "a&b #c", since: "-15m", until: "" }),
  );
  expect(Object.fromEntries(link.searchParams)).toEqual({ format: "txt", query: "a&b #c", since: "-15m" });
});
