import { createRef } from "preact";
import { beforeEach, describe, expect, test } from "vitest";
import { click, draw, find, report, reset, show, told, until } from "../status/stage.ts";

const { Floating } = await import("../../src/list/floating.tsx");
const { Scroller } = await import("../../src/list/scroller.ts");
const { setFollowing } = await import("../../src/state/reading.ts");
const { look } = await import("../../src/state/view.ts");

beforeEach(reset);

const pill = () => document.querySelector(".log-pill");

describe("what floats above a list", () => {
  test("leads to the newest also from where these were let go of, but not out of what is asked about the past", async () => {
    await show(<Floating scroller={new Scroller("all")} box={createRef()} />);
    look({ streams: ["api"] });
    await draw({ mode: "past" });
    expect(pill()).toBeNull();
    setFollowing("all", false);
    await until(pill, "the pill");
    look({ until: "2026-01-01" });
    await until(() => !pill(), "no pill");
    look({ until: "", record: "api/1-1" });
    await draw({ mode: "past" });
    expect(pill()).toBeNull();
    await draw({ mode: "live" });
    expect(pill()).not.toBeNull();
  });

  test("tries a page again that did not come", async () => {
    const scroller = new Scroller("all");
    await show(<Floating scroller={scroller} box={createRef()} />);
    scroller.older.more();
    const asked = told.findLast((each) => each.type === "older");
    if (asked?.type !== "older") throw new Error("nothing was asked for");
    report({ type: "failed", ask: asked.ask, code: "network", message: "no gateway answers" });
    await until(() => document.querySelector(".log-strip-failed"), "that it failed");
    const turn = scroller.turn.value;
    await click(find(".log-strip-failed button"));
    expect(scroller.older.state.value).toBe("idle");
    expect(scroller.turn.value).toBeGreaterThan(turn);
  });
});
