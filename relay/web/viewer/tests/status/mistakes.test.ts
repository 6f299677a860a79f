import { expect, test } from "vitest";
import { dismiss, notice } from "../../src/export/notice.ts";
import { tellMistakes } from "../../src/status/mistakes.ts";

test("a mistake of the page is told, and what a browser only warns of is not", () => {
  tellMistakes();
  dispatchEvent(new ErrorEvent("error", { message: "ResizeObserver loop completed with undelivered notifications." }));
  expect(notice.value).toBe(null);
  dispatchEvent(new ErrorEvent("error", { error: new Error("no such row") }));
  expect(notice.value).toMatchObject({ wrong: true, text: expect.stringContaining("no such row") });
  dismiss();
  dispatchEvent(Object.assign(new Event("unhandledrejection"), { reason: new Error("not answered") }));
  expect(notice.value).toMatchObject({ wrong: true, text: expect.stringContaining("not answered") });
  dismiss();
});
