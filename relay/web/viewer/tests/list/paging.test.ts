import { beforeEach, expect, test } from "vitest";
import { report, reset, told, until } from "../status/stage.ts";

const { Pages } = await import("../../src/list/paging.ts");

beforeEach(reset);

const asked = () => told.filter((each) => each.type === "newer");

test("a side that was read to its end is read again once there is more, and what failed only when asked to", async () => {
  const pages = new Pages("all", "newer");
  pages.more();
  report({ type: "answer", ask: asked().at(-1)?.ask ?? -1, value: { added: 1, done: true } });
  await until(() => pages.state.value === "done", "the end");
  pages.more();
  pages.knows(false);
  pages.more();
  expect(asked()).toHaveLength(1);
  pages.knows(true);
  pages.more();
  expect(asked()).toHaveLength(2);
  report({ type: "failed", ask: asked().at(-1)?.ask ?? -1, code: "network", message: "no gateway answers" });
  await until(() => pages.state.value === "failed", "the failure");
  pages.knows(true);
  pages.more();
  expect(asked()).toHaveLength(2);
  pages.renew();
  pages.more();
  expect(asked()).toHaveLength(3);
});
