import type { Service } from "@tailrace/client";
import { describe, expect, test } from "vitest";
import { factsOf, heardOf, runStreams } from "../../src/sources/run_facts.ts";
import { horizon, record, service } from "./services.ts";

const START = record("start", { run: "nightly import", run_id: "a", status: "started" });
const END = "2025-11-21T00:00:05.000000Z";
const RUN = horizon("run:a", 7);

describe("a run", () => {
  test("runs from its start record on", () => {
    expect(factsOf(RUN, [START], [START, record("log")], 2)).toEqual({
      stream: "run:a",
      name: "nightly import",
      state: "running",
      exit: "",
      error: "",
      start: Date.parse(START.time),
      took: null,
      records: 7,
      errors: 2,
    });
  });

  test("finished with its finish record, also when more of its output comes behind that", () => {
    const finish = record("finish", { run: "nightly import", status: "ok", exit_code: 0, duration: 12.5 });
    const facts = factsOf(RUN, [START], [finish, record("log")], 0);
    expect(facts).toMatchObject({ state: "ok", exit: "0", took: 12_500, error: "" });
  });

  test("failed with an exit code, a signal or an error", () => {
    const failed = (fields: object) => factsOf(RUN, [START], [record("finish", { status: "failed", ...fields })], 0);
    expect(failed({ exit_code: 3, error: "exit code 3" })).toMatchObject({ state: "failed", exit: "3", error: "" });
    expect(failed({ exit_code: 137, signal: "SIGKILL", error: "killed by SIGKILL" })).toMatchObject({
      exit: "killed by SIGKILL",
      error: "",
    });
    expect(failed({ exit_code: 1, error: "ValueError: no" })).toMatchObject({ exit: "1", error: "ValueError: no" });
  });

  test("was cancelled", () => {
    const cancelled = record("finish", { status: "cancelled", exit_code: 130 });
    expect(factsOf(RUN, [START], [cancelled], 0)).toMatchObject({ state: "cancelled", exit: "130" });
  });

  test("is lost when its own process died without an end, not when one that it began did", () => {
    const died = record("died", {}, { time: END, message: "process died: pid 7" });
    const facts = factsOf(RUN, [START], [START, died], 0);
    expect(facts).toMatchObject({ state: "lost", took: 5_000, error: "process died: pid 7" });
    expect(factsOf(RUN, [START], [START, { ...died, producer: "child" }], 0).state).toBe("running");
  });

  test("that ended is over, whatever dies behind it", () => {
    const finish = record("finish", { status: "ok", exit_code: 0 });
    expect(factsOf(RUN, [START], [finish, record("died")], 0).state).toBe("ok");
  });

  test("runs again when it began again under the same name", () => {
    const finish = record("finish", { status: "failed" });
    const again = { ...START, time: END };
    expect(factsOf(RUN, [START], [finish, again], 0)).toMatchObject({ state: "running", start: Date.parse(END) });
  });

  test("whose beginning is not kept is called by its end, else by its ID", () => {
    const finish = record("finish", { run: "nightly import", status: "ok", duration: 2 });
    expect(factsOf(RUN, [record("log")], [finish], 0)).toMatchObject({
      name: "nightly import",
      start: null,
      took: 2_000,
    });
    expect(factsOf(RUN, [], [], 0)).toMatchObject({ name: "a", state: "open", start: null, took: null });
  });

  test("of which no living process says that it writes to it is lost, as soon as one would have said so", () => {
    const running = factsOf(RUN, [START], [], 0);
    const at = Date.parse(START.time);
    const states = (services: Service[] | null, later: number) => heardOf(running, services, at + later).state;
    expect(states([service("jobs", {}, ["run:a"])], 60_000)).toBe("running");
    expect(states([service("jobs", { running: 0, lost: 1 }, ["run:a"])], 60_000)).toBe("lost");
    expect(states([], 60_000)).toBe("lost");
    expect(states([], 5_000)).toBe("running");
    expect(states(null, 60_000)).toBe("running");
    expect(
      states(
        [
          service(
            "jobs",
            {},
            Array.from({ length: 64 }, (_, n) => `run:${n}`),
          ),
        ],
        60_000,
      ),
    ).toBe("running");
  });

  test("shows what is invisible in its name and its error", () => {
    const start = record("start", { run: "nightly\u202etropmi" });
    const finish = record("finish", { status: "failed", error: "no \x1b[2J" });
    expect(factsOf(RUN, [start], [finish], 0)).toMatchObject({ name: "nightly⟨U+202E⟩tropmi", error: "no ␛[2J" });
  });

  test("cannot upset the page by fields of another kind", () => {
    const odd = record("finish", {
      run: { a: 1 },
      status: 7,
      exit_code: [],
      duration: "long",
      signal: null,
      error: {},
    });
    expect(factsOf(RUN, [], [odd], 0)).toMatchObject({ name: "a", state: "ok", exit: "", error: "", took: null });
  });
});

test("the newest runs come first, and nothing but runs", () => {
  const streams = [horizon("run:old", 1, 1_000_000), horizon("api"), horizon("run:new", 1, 9_000_000)];
  expect(runStreams(streams).map(({ stream }) => stream)).toEqual(["run:new", "run:old"]);
});
