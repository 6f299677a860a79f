import "./dom.ts";
import { afterEach, describe, expect, it } from "vitest";
import { until } from "../../client/tests/gateway.ts";
import { gap, hello, records, ScriptedGateway } from "../../client/tests/scripted.ts";
import { type LogStream, type LogStreamOptions, useLogStream } from "../src/index.ts";
import { Rendered, Sockets } from "./rendering.tsx";

const EPOCH = { type: "gap", stream: "api", count: null, after: null, before: "9-1", reason: "epoch" };

describe("a stream whose numbers begin anew", () => {
  const open: { stop(): Promise<void> | void }[] = [];

  afterEach(async () => {
    for (const each of open.splice(0)) await each.stop();
  });

  /** The stream when its old numbering has shown two records, and what lets it say more. */
  async function following() {
    const gateway = await ScriptedGateway.start((visit) => {
      visit.say(hello("9-9900~e~0"));
      visit.say(records(9901, 9902));
    });
    const client = new Sockets().client(gateway.url);
    const stream = new Rendered<LogStreamOptions, LogStream>(client, useLogStream, { streams: "api" });
    open.push({ stop: () => stream.unmount() }, gateway);
    await stream.until(({ logs }) => logs.length === 2, "the old numbering");
    return { stream, say: (message: object) => gateway.visits[0]?.say(message) };
  }

  /** The new numbering, and four records of it. */
  function beginAnew(say: (message: object) => void): void {
    say({ ...EPOCH, cursor: "9-0~f~0" });
    say({ ...records(1, 2, 3, 4), cursor: "9-4~f~0" });
  }

  it("keeps those of the old numbering when some of the new are withdrawn", async () => {
    const { stream, say } = await following();
    beginAnew(say);
    say(gap("fork", 2, 2, 3, "9-2~f~1"));
    const { logs } = await stream.until(({ gaps }) => gaps.length === 2, "the fork");
    expect(texts(logs)).toEqual(["m9901", "m9902", "m1", "m2"]);
  });

  it("keeps them while they wait, too", async () => {
    const { stream, say } = await following();
    stream.now.pause();
    say(records(9903));
    beginAnew(say);
    say(gap("fork", 2, 2, 3, "9-2~f~1"));
    const { pending } = await stream.until(({ gaps }) => gaps.length === 2, "the fork");
    expect(pending).toBe(3);
    stream.now.resume();
    await until(() => stream.now.pending === 0, "none to wait");
    expect(texts(stream.now.logs)).toEqual(["m9901", "m9902", "m9903", "m1", "m2"]);
  });

  it("is cleared of both numberings", async () => {
    const { stream, say } = await following();
    beginAnew(say);
    say(gap("cleared", 0, 4, 5, "9-4~f~0"));
    const { logs } = await stream.until(({ gaps }) => gaps.length === 2, "the clearing");
    expect(logs).toEqual([]);
  });
});

function texts(logs: LogStream["logs"]): string[] {
  return logs.map((record) => record.message);
}
