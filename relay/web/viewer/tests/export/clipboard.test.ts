import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { copyText } from "../../src/export/clipboard.ts";

beforeEach(() => {
  document.execCommand = () => false;
});
afterEach(() => {
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

test("a text is put into the browser's clipboard", async () => {
  const writeText = vi.fn(async () => {});
  vi.stubGlobal("navigator", { clipboard: { writeText } });
  await copyText("a line");
  expect(writeText).toHaveBeenCalledWith("a line");
});

test("where there is none, the browser's own command copies a selected field", async () => {
  vi.stubGlobal("navigator", {});
  let copied = "";
  document.execCommand = () => {
    copied = document.querySelector("textarea")?.value ?? "";
    return true;
  };
  await copyText(Promise.resolve("a line"));
  expect(copied).toBe("a line");
  expect(document.querySelector("textarea")).toBeNull();
});

test("behind an open dialog the field is in it", async () => {
  vi.stubGlobal("navigator", {});
  const dialog = document.createElement("dialog");
  dialog.setAttribute("open", "");
  document.body.append(dialog);
  let inside = false;
  document.execCommand = () => {
    inside = dialog.querySelector("textarea") !== null;
    return true;
  };
  await copyText("a line");
  expect(inside).toBe(true);
});

test("where nothing works it says why, and what does work", async () => {
  vi.stubGlobal("navigator", { clipboard: { writeText: () => Promise.reject(new Error("Document is not focused")) } });
  await expect(copyText("a line")).rejects.toThrow(
    "The browser did not let this page use the clipboard (Document is not focused). Saving it as a file works.",
  );
});

test("what could not be fetched is said as it is", async () => {
  vi.stubGlobal("navigator", { clipboard: { writeText: async () => {} } });
  vi.stubGlobal("ClipboardItem", undefined);
  await expect(copyText(Promise.reject(new Error("too much text")))).rejects.toThrow("too much text");
});
