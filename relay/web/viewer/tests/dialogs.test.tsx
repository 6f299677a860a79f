import { beforeEach, describe, expect, test } from "vitest";
import { Dialogs } from "../src/dialogs.tsx";
import { dialog, open } from "../src/state/dialog.ts";
import { find, reset, show, until } from "./status/stage.ts";

const load = async () => ({ default: () => <h2>Fields</h2> });
const shown = () => document.querySelector<HTMLDialogElement>("dialog[open]");

beforeEach(async () => {
  await reset();
  dialog.value = null;
});

describe("a dialog", () => {
  test("is over as soon as Escape is pressed, and may be opened again at once", async () => {
    await show(<Dialogs />);
    open(load);
    await until(shown, "the dialog");
    const first = find<HTMLDialogElement>("dialog");
    first.dispatchEvent(new Event("cancel"));
    expect(dialog.value).toBeNull();
    open(load);
    // The browser tells later that the first one was closed.
    first.dispatchEvent(new Event("close"));
    await until(() => shown() !== null && shown() !== first, "the other one");
  });
});
