import { expect, test } from "vitest";
import { answers, find, reset, show, texts, told, until } from "../status/stage.ts";
import { horizon, record } from "./services.ts";

const { RunHead } = await import("../../src/sources/run_head.tsx");
const { look } = await import("../../src/state/view.ts");

const calls = (name: string) => told.filter((each) => each.type === "call" && each.name === name).length;

test("the page of a run reads it once, and again where something of it is new", async () => {
  await reset();
  let records = [record("start", { run: "nightly" })];
  const page = () => ({ records, next: null, gaps: [] });
  Object.assign(answers, { streams: () => [horizon("run:a", records.length)], page, latest: page });
  answers.summary = () => ({ total: 0 });
  look({ run: "run:a" });
  await show(<RunHead />);
  await until(() => texts(".run-head h2")[0] === "nightly", "the run");
  await until(() => calls("streams") === 2, "another look");
  expect(calls("latest")).toBe(1);
  records = [...records, record("finish", { status: "failed", exit_code: 3 }, { id: "1763683201000-2" })];
  await until(() => find(".run-state").textContent === "failed", "its end");
  expect(calls("latest")).toBe(2);
  look({ run: "" });
});
