import { expect, test } from "vitest";
import { fileName } from "../../src/export/naming.ts";

test.each([
  ["a service", { services: ["shop"], streams: [] }, "shop-logs.txt"],
  ["a stream", { services: [], streams: ["worker.billing"] }, "worker.billing-logs.txt"],
  ["a run", { services: [], streams: ["run:8f3a"] }, "run-8f3a-logs.txt"],
  ["the page of a run", { services: ["shop"], streams: ["mail"], run: "run:8f3a" }, "run-8f3a-logs.txt"],
  ["several", { services: ["shop", "mail"], streams: [] }, "tailrace-logs.txt"],
  ["a service and a stream", { services: ["shop"], streams: ["mail"] }, "tailrace-logs.txt"],
  ["a glob", { services: [], streams: ["run:*"] }, "tailrace-logs.txt"],
  ["nothing by name", { services: [], streams: [] }, "tailrace-logs.txt"],
  ["a name with signs that no file has", { services: ["../a b/c"], streams: [] }, "a-b-c-logs.txt"],
  ["letters of any script", { services: ["магазин"], streams: [] }, "магазин-logs.txt"],
])("%s", (_, named, name) => {
  expect(fileName(named, "txt")).toBe(name);
});
