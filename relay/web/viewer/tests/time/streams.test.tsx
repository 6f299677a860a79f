import { beforeEach, describe, expect, test } from "vitest";
import { horizon } from "../sources/services.ts";
import { answers, draw, find, reset, show, texts, told, until } from "../status/stage.ts";

const { default: Panel } = await import("../../src/export/panel.tsx");
const { look, view } = await import("../../src/state/view.ts");
const { jump } = await import("../../src/time/jump.ts");

const MS = 1_763_683_200_000;
const asked = (name: string) => told.filter((each) => each.type === "call" && each.name === name).length;

/** A gateway that has these streams, and of them one record. */
function hold(streams: string[], record = ""): void {
  answers.streams = () => streams.map((stream) => horizon(stream, 9, MS));
  answers.page = ([stream]: string[]) => ({
    records: record.startsWith(`${stream}/`) ? [{ stream, id: record.slice(record.indexOf("/") + 1) }] : [],
  });
  answers.locate = () => null;
}

beforeEach(reset);

describe("all history", () => {
  test("can be had of every stream that a glob finds, and of none that was drawn for another question", async () => {
    hold(["api.web", "api.jobs", "billing"]);
    look({ streams: ["api.*"] });
    await draw({ streams: ["billing", "api.web"] });
    await show(<Panel />);
    await until(() => texts("option").length, "the streams");
    expect(texts("option")).toEqual(["api.web", "api.jobs"]);
  });

  test("of what was named is offered without asking which streams there are", async () => {
    look({ streams: ["api.web", "imports"] });
    await show(<Panel />);
    await until(() => texts("option").length, "the streams");
    expect(texts("option")).toEqual(["api.web", "imports"]);
    expect(asked("streams")).toBe(0);
  });

  test("says why it is not offered where no gateway answers", async () => {
    const { notice } = await import("../../src/export/notice.ts");
    answers.streams = () => {
      throw new Error("no gateway answers");
    };
    look({ streams: ["*"] });
    await show(<Panel />);
    await until(() => notice.value?.wrong, "the reason");
    expect(notice.value?.text).toBe("no gateway answers");
    expect(find("fieldset:nth-of-type(2) button").hasAttribute("disabled")).toBe(true);
  });
});

describe("an ID", () => {
  test("is found in a stream of a glob of which nothing was drawn", async () => {
    const id = `${MS - 500}-4`;
    hold(["api", "imports"], `imports/${id}`);
    look({ streams: ["*"] });
    expect(await jump({ what: "id", id })).toBeNull();
    expect(view.value.record).toBe(`imports/${id}`);
  });

  test("is looked for where it can be alone, however many streams there are", async () => {
    const id = `${MS - 500}-4`;
    hold([], `imports/${id}`);
    const others = Array.from({ length: 90 }, (_, n) => horizon(`run:${n}`, 9, MS + 10_000));
    answers.streams = () => [...others, horizon("imports", 9, MS)];
    look({ streams: ["*"] });
    expect(await jump({ what: "id", id })).toBeNull();
    expect(view.value.record).toBe(`imports/${id}`);
    expect(asked("page")).toBe(1);
  });

  test("is not looked for in a stream that is not asked for", async () => {
    const id = `${MS - 500}-4`;
    hold(["api.web", "billing"], `billing/${id}`);
    look({ streams: ["api.*"] });
    await draw({ streams: ["billing"] });
    expect(await jump({ what: "id", id })).toMatch(/^None of the chosen streams/);
  });
});
