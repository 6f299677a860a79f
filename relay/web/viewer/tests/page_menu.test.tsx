import { beforeEach, describe, expect, test } from "vitest";
import { click, find, reset, show, texts, until } from "./status/stage.ts";

await import("../src/style/theme.ts");
const { PageMenu } = await import("../src/page_menu.tsx");
const { run } = await import("../src/state/actions.ts");
const { ansi, clock, hidden, theme, wrap } = await import("../src/state/preferences.ts");
const { view } = await import("../src/state/view.ts");

const root = document.documentElement;

function choose(text: string): Promise<void> {
  const label = [...document.querySelectorAll("label")].find((each) => each.textContent.trim() === text);
  if (!label) throw new Error(`no ${text} in ${texts("label")}`);
  return click(label.querySelector("input") ?? label);
}

beforeEach(async () => {
  await reset();
  theme.value = "auto";
  clock.value = "local";
  hidden.value = [];
  await show(<PageMenu />);
  if (find(".page-menu button").getAttribute("aria-expanded") === "false") await click(find(".page-menu button"));
  await until(() => texts("legend").length, "the menu");
});

describe("the page's menu", () => {
  test("sets the theme, and leaves it to the system", async () => {
    expect(root.getAttribute("data-theme")).toBeNull();
    await choose("Dark");
    expect(root.getAttribute("data-theme")).toBe("dark");
    await choose("Light");
    expect(root.getAttribute("data-theme")).toBe("light");
    await choose("Auto");
    expect(root.getAttribute("data-theme")).toBeNull();
  });

  test("sets clock, wrapping and colours", async () => {
    await choose("UTC");
    expect(clock.value).toBe("utc");
    await choose("Wrap");
    expect(wrap.value).toBe(true);
    await choose("ANSI colours");
    expect(ansi.value).toBe(false);
  });

  test("leaves parts of a line out, and shows hidden fields again", async () => {
    await choose("Logger");
    expect(hidden.value).toEqual(["logger"]);
    hidden.value = [...hidden.value, "user.id"];
    await show(<PageMenu />);
    await until(() => texts("label").includes("user.id"), "the field");
    await choose("user.id");
    await choose("Logger");
    expect(hidden.value).toEqual([]);
  });

  test("sets what stands in the address", async () => {
    await choose("System | Audit");
    await choose("500");
    expect(view.value).toMatchObject({ panels: "dual", tail: 500 });
  });

  test("can be had by keys", () => {
    run("theme");
    expect(theme.value).toBe("light");
    run("theme");
    run("theme");
    expect(theme.value).toBe("auto");
    run("panels");
    expect(view.value.panels).toBe("dual");
    run("panels");
    expect(view.value.panels).toBe("one");
  });
});
