import type { LogRecord } from "@tailrace/client";
import { parse } from "@tailrace/client/query";
import { beforeEach, describe, expect, test } from "vitest";
import { recordEntry } from "../../src/engine/entry.ts";
import { rowOf } from "../../src/engine/row.ts";
import type { RecordRow } from "../../src/engine/rows.ts";
import { record } from "../engine/records.ts";
import { answers, click, find, reset, show, texts, until } from "../status/stage.ts";

const { Detail } = await import("../../src/list/detail.tsx");
const { look, view } = await import("../../src/state/view.ts");

let key = 1_000_000;

/** Opens a record. */
async function open(more: Partial<LogRecord>): Promise<void> {
  const opened = record("1700000000123-1", more);
  answers.record = () => opened;
  key += 1;
  await show(<Detail list="all" row={rowOf(recordEntry(opened, key, 1), 0, PLAIN) as RecordRow} />);
  await until(() => document.querySelector(".detail"), "the record");
}

const PLAIN = { hue: () => 0, hits: () => [] };

beforeEach(reset);

describe("an open record", () => {
  test("has what is looked for marked wherever it stands, as soon as it is", async () => {
    await open({
      message: "first line\nthe Needle in the second",
      exception: "Traceback (most recent call last):\nValueError: needle",
      fields: { hay: { stack: "a needle" } },
    });
    expect(texts("mark")).toEqual([]);
    look({ find: "needle" });
    await until(() => texts("mark").length, "the marks");
    expect(texts("mark")).toEqual(["Needle", "needle", "needle"]);
    look({ find: "" });
    await until(() => !texts("mark").length, "no marks");
  });

  test("does not fold away frames of libraries that have what is looked for", async () => {
    look({ find: "connect_tcp" });
    const file = "/usr/lib/python3.13/site-packages/httpcore/sync.py";
    await open({ exception: `Traceback (most recent call last):\n  File "${file}", line 3, in connect_tcp\nOSError` });
    expect(texts("mark")).toEqual(["connect_tcp"]);
    await click(find(".frames-library button"));
    expect(texts("mark")).toEqual([]);
  });
});

describe("a message that is JSON", () => {
  const button = (label: string) => find(`[aria-label="${label}"]`);

  test("is filtered for and out by each of its values", async () => {
    const message = '{"status": 503, "user": {"name": "ann"}}';
    await open({ message });
    await click(button("Filter for the value"));
    expect(view.value.query).toBe('message:"\\"status\\": 503"');
    expect(parse(view.value.query).matches(record("1-1", { message }))).toBe(true);
    await click(find(".tree .tree [aria-label='Filter out the value']"));
    expect(view.value.query).toBe('message:"\\"status\\": 503" -message:"\\"name\\": \\"ann\\""');
  });

  test("leaves fields with what the query calls them", async () => {
    await open({ message: "words", fields: { status: 503 } });
    await click(button("Filter for fields.status"));
    expect(view.value.query).toBe("fields.status:503");
  });
});
