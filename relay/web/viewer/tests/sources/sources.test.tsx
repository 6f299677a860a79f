import { beforeEach, describe, expect, test } from "vitest";
import {
  answers,
  click,
  fill,
  find,
  press,
  report,
  reset,
  settled,
  show,
  texts,
  told,
  until,
} from "../status/stage.ts";
import { horizon, service } from "./services.ts";

const { setFollowing, setPaused } = await import("../../src/state/reading.ts");
const { choose, followSources } = await import("../../src/sources/follow.ts");
const { SourceChooser } = await import("../../src/sources/sources.tsx");
const { look, question, view } = await import("../../src/state/view.ts");

const SERVICES = [service("api"), service("billing", { lost: 1 }), service("mail", { running: 0, exited: 1 })];

const names = () => texts(".choice-name");
const button = () => find(".sources > button");
const list = () => find("[role=listbox]");
const box = () => find<HTMLInputElement>("[type=search]");
const ticked = () => texts("[role=option][aria-selected=true] .choice-name");

async function open(): Promise<void> {
  answers.streams = () => [horizon("api"), horizon("imports", 1_200), horizon("run:7")];
  await show(<SourceChooser />);
  report({ type: "services", services: SERVICES });
  await until(() => view.value.services.length, "a service to be chosen");
  if (button().getAttribute("aria-expanded") === "false") await click(button());
  await until(() => names().includes("imports"), "the streams");
  await until(() => document.activeElement === box(), "the box to have the focus");
}

beforeEach(async () => {
  if (document.querySelector(".choices-box")) await press(box(), "Escape");
  await reset();
  report({ type: "services", services: null });
  return followSources();
});

describe("the chooser of sources", () => {
  test("begins with the first running service, and follows its streams", async () => {
    await show(<SourceChooser />);
    expect(question.value).toBeNull();
    report({ type: "services", services: SERVICES.toReversed() });
    await until(() => question.value, "a question");
    expect(view.value.services).toEqual(["billing"]);
    expect(question.value?.streams).toEqual(["billing"]);
    expect(button().textContent).toContain("billingdegraded");
  });

  test("lists services with their status, and streams that belong to none", async () => {
    await open();
    expect(names()).toEqual(["api", "billing", "mail", "*", "imports"]);
    expect(texts("[role=option]")[1]).toBe("billingdegraded1 running12.4/s1 lost");
    expect(find(".choices-foot a").textContent).toBe("Runs (1)");
  });

  test("lets further streams of what is followed wait for whoever reads", async () => {
    await show(<SourceChooser />);
    report({ type: "services", services: [service("api", {}, ["api"])] });
    await until(() => question.value, "a question");
    setPaused(true);
    report({ type: "services", services: [service("api", {}, ["api", "audit"])] });
    await settled();
    expect(question.value?.streams).toEqual(["api"]);
    setPaused(false);
    expect(question.value?.streams).toEqual(["api", "audit"]);
    setFollowing("all", false);
    report({ type: "services", services: [service("api", {}, ["api", "audit", "more"]), service("mail")] });
    await settled();
    expect(question.value?.streams).toEqual(["api", "audit"]);
    choose({ services: ["api", "mail"] });
    expect(question.value?.streams).toEqual(["api", "audit", "mail", "more"]);
    setFollowing("all", true);
  });

  test("takes one alone by a click, and closes", async () => {
    await open();
    await click(find("[role=option]:nth-of-type(3)"));
    expect(view.value.services).toEqual(["billing"]);
    expect(document.querySelector("[role=listbox]")).toBeNull();
  });

  test("takes several by their ticks, and stays", async () => {
    await open();
    await click(find("[role=group]:last-child [role=option]:last-child .choice-tick"));
    expect(view.value).toMatchObject({ services: ["api"], streams: ["imports"] });
    expect(question.value?.streams).toEqual(["api", "imports"]);
    expect(ticked()).toEqual(["api", "imports"]);
    expect(button().textContent).toContain("api + 1");
  });

  test("is used by keys alone", async () => {
    await open();
    await press(box(), "ArrowDown");
    expect(document.activeElement).toBe(list());
    await press(list(), "ArrowDown");
    expect(find(`#${CSS.escape(list().getAttribute("aria-activedescendant") ?? "")}`).textContent).toContain("billing");
    await press(list(), " ");
    expect(ticked()).toEqual(["api", "billing"]);
    await press(list(), "End");
    await press(list(), "Enter");
    expect(view.value).toMatchObject({ services: [], streams: ["imports"] });
  });

  test("gives the focus back on Escape", async () => {
    await open();
    await press(box(), "Escape");
    expect(document.querySelector("[role=listbox]")).toBeNull();
    expect(document.activeElement).toBe(button());
  });

  test("finds by some of a name, and follows globs that are typed", async () => {
    await open();
    await fill(box(), "IMP");
    expect(names()).toEqual(["imports", "IMP"]);
    await fill(box(), "run:*");
    expect(names()).toEqual(["run:*"]);
    await press(box(), "Enter");
    expect(view.value.streams).toEqual(["run:*"]);
    expect(question.value?.streams).toEqual(["run:*"]);
  });

  test("says what names are made of when nothing can be followed", async () => {
    await open();
    await fill(box(), "no/name");
    expect(find(".choices-foot").textContent).toContain("Nothing of this name");
    await press(box(), "Enter");
    expect(view.value.services).toEqual(["api"]);
  });

  test("keeps a service that is gone, and says so", async () => {
    await open();
    report({ type: "services", services: SERVICES.slice(1) });
    await until(() => button().textContent.includes("gone"), "that it is gone");
    expect(view.value.services).toEqual(["api"]);
    expect(question.value?.streams).toEqual(["api"]);
  });

  test("asks no more than one question for a choice", async () => {
    await open();
    const asked: string[][] = [];
    const end = question.subscribe((each) => each && asked.push(each.streams));
    await click(find("[role=group]:last-child [role=option]:last-child"));
    end();
    expect(asked).toEqual([["api"], ["imports"]]);
  });

  test("leaves a record that was looked at", async () => {
    await open();
    look({ record: "api/1-1" });
    await click(find("[role=option]:nth-of-type(3)"));
    expect(view.value.record).toBe("");
  });

  test("says why streams cannot be listed", async () => {
    await open();
    answers.streams = () => {
      throw new Error("no gateway answers");
    };
    await click(button());
    await click(button());
    await until(() => texts(".choices-foot .choice-problem").includes("no gateway answers"), "the reason");
    expect(told.filter((each) => each.type === "call")).toHaveLength(2);
  });
});
