import { beforeEach, describe, expect, test } from "vitest";
import { answers, click, find, reset, show, texts, told, until } from "../status/stage.ts";
import { horizon } from "./services.ts";

const { Toolbar } = await import("../../src/sources/toolbar.tsx");
const { default: ClearStream } = await import("../../src/sources/clear_stream.tsx");
const { dialog } = await import("../../src/state/dialog.ts");
const { following } = await import("../../src/state/reading.ts");
const { rights } = await import("../../src/state/rights.ts");
const { followQuestion, look } = await import("../../src/state/view.ts");
const { engine } = await import("../../src/state/page.ts");

const tool = (label: string) => find<HTMLButtonElement>(`button[aria-label^="${label}"]`);
const types = () => told.map(({ type }) => type);

beforeEach(async () => {
  await reset();
  rights.value = null;
  dialog.value = null;
});

describe("the toolbar", () => {
  test("pauses and resumes", async () => {
    await show(<Toolbar />);
    await click(tool("Pause"));
    await click(tool("Resume"));
    expect(told).toEqual([
      { type: "pause", paused: true },
      { type: "pause", paused: false },
    ]);
  });

  test("stops following the end, and follows it again", async () => {
    await show(<Toolbar />);
    const pressed = (value: boolean) =>
      until(() => tool("Auto-scroll").getAttribute("aria-pressed") === String(value), `pressed to be ${value}`);
    await pressed(true);
    await click(tool("Auto-scroll"));
    expect(following.value.all).toBe(false);
    await pressed(false);
    await click(tool("Auto-scroll"));
    expect(following.value.all).toBe(true);
    await pressed(true);
  });

  test("asks the same once more", async () => {
    look({ streams: ["api"] });
    const end = followQuestion((question) => engine.follow(question));
    await show(<Toolbar />);
    await click(tool("Refresh"));
    end();
    expect(types().filter((type) => type === "follow")).toHaveLength(2);
    expect(told.at(-1)).toEqual(told[0]);
  });

  test("clears the view", async () => {
    await show(<Toolbar />);
    await click(tool("Clear the view"));
    expect(types()).toEqual(["clear"]);
  });

  test("clears no stream when the token is known not to allow it", async () => {
    look({ streams: ["api"] });
    rights.value = { actions: ["read"], streams: ["api"] };
    await show(<Toolbar />);
    expect(tool("Clear a stream").disabled).toBe(true);
    rights.value = { actions: ["read", "clear"], streams: ["api"] };
    await until(() => !tool("Clear a stream").disabled, "the right");
    await click(tool("Clear a stream"));
    expect(dialog.value).not.toBeNull();
  });
});

describe("clearing a stream", () => {
  const confirm = () => find<HTMLButtonElement>("button[type=submit]");

  test("names the stream and how much it keeps, and does it when that is confirmed", async () => {
    answers.streams = () => [horizon("api", 1_200), horizon("mail")];
    answers.clear = () => "1763683200000-1200";
    look({ streams: ["api"] });
    dialog.value = { load: async () => ({ default: ClearStream }) };
    await show(<ClearStream />);
    await until(() => texts("p")[0]?.startsWith("Remove all 1,200 records of api?"), "the question");
    expect(confirm().textContent).toBe("Remove 1,200 records");
    await click(confirm());
    expect(told.filter((each) => each.type === "call").at(-1)).toMatchObject({ name: "clear", call: ["api"] });
    await until(() => dialog.value === null, "the dialog to close");
  });

  test("asks which one, of several", async () => {
    answers.streams = () => [horizon("api"), horizon("run:1", 5), horizon("run:2", 7)];
    look({ streams: ["run:*"] });
    await show(<ClearStream />);
    await until(() => texts("label").length, "the streams");
    expect(texts("label")).toEqual(["run:1 5", "run:2 7"]);
    expect(confirm().disabled).toBe(true);
    await click(find("label:last-child input"));
    expect(confirm().textContent).toBe("Remove 7 records");
  });

  test("says what the gateway refuses, and removes nothing", async () => {
    answers.streams = () => [horizon("api")];
    answers.clear = () => {
      throw Object.assign(new Error("this token does not allow to clear 'api'"), { code: "forbidden" });
    };
    look({ streams: ["api"] });
    await show(<ClearStream />);
    await until(() => !confirm().disabled, "the question");
    await click(confirm());
    await until(() => texts("[role=alert]").includes("this token does not allow to clear 'api'"), "the refusal");
    expect(confirm().disabled).toBe(false);
  });
});
