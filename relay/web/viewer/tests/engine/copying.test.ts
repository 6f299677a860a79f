// @vitest-environment node
import { describe, expect, test } from "vitest";
import { copyOf, fileOf } from "../../src/engine/copying.ts";
import { Holding } from "../../src/engine/holding.ts";
import { Listing } from "../../src/engine/listing.ts";
import type { CopyFormat } from "../../src/engine/protocol.ts";
import { counter, gap, record } from "./records.ts";

const holding = new Holding(counter());
const list = new Listing(() => true);
list.insert(
  holding.add([
    record("1700000000123-1", { logger: "shop", message: "paid\nin full\u001b[0m" }),
    record("1700000000124-2", {
      logger: "shop",
      message: "=1+1",
      level: "ERROR",
      fields: { a: 'say "x"' },
      exception: "E",
    }),
  ]),
);
list.insert([holding.addGap(gap({ after: "1700000000124-2", before: "1700000000130-9", count: 6 }))]);
const copy = (as: CopyFormat, from?: number, to?: number) => copyOf(list, as, from, to);

describe("what is copied", () => {
  test("is text as a terminal shows it", () => {
    expect(copy("text")).toEqual({
      records: 2,
      text:
        "2023-11-14 22:13:20.123 INFO     api shop: paid\n    in full␛[0m\n" +
        "2023-11-14 22:13:20.124 ERROR    api shop: =1+1\n    E\n" +
        "-- 6 records are missing between 1700000000124-2 and 1700000000130-9: trimmed --\n",
    });
  });

  test("is JSON, as one array or a line each, with gaps as items of their own", () => {
    const items = JSON.parse(copy("json").text);
    expect(items).toHaveLength(3);
    expect(items[2]).toMatchObject({ kind: "gap", stream: "api", gap: { count: 6 } });
    const lines = copy("jsonl").text.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual(items);
    expect(copyOf(new Listing(() => true), "json").text).toBe("[]\n");
  });

  test("is CSV that no spreadsheet takes for formulas", () => {
    const text = copy("csv").text;
    expect(text.startsWith("id,time,level,level_number,logger,message,source,kind,thread,")).toBe(true);
    expect(text).toContain(",'=1+1,");
    expect(text).toContain(',"{""a"":""say \\""x\\""""}",');
    expect(text).toContain(',"paid\nin full\u001b[0m",');
    expect(text.endsWith("\r\n")).toBe(true);
  });

  test("is a file of whatever size, of the same text", async () => {
    for (const as of ["text", "json", "jsonl", "csv"] as const) {
      const { file, records } = await fileOf(list, as);
      expect(await file.text()).toBe(copy(as).text);
      expect(records).toBe(2);
    }
    expect(await (await fileOf(new Listing(() => true), "json")).file.text()).toBe("[]\n");
    const many = new Listing(() => true);
    const held = new Holding(counter());
    const long = "x".repeat(2 ** 24);
    for (let n = 1; n <= 5; n += 1) many.insert(held.add([record(`${1700000000000 + n}-${n}`, { message: long + n })]));
    expect(() => copyOf(many, "jsonl")).toThrow("more than 64 MB");
    const { file, records } = await fileOf(many, "jsonl");
    expect(records).toBe(5);
    expect(file.size).toBeGreaterThan(5 * 2 ** 24);
    expect((await file.slice(-400).text()).endsWith("}\n")).toBe(true);
  });

  test("is nothing else than was chosen: not when one of the rows is held no more", () => {
    expect(() => copy("text", 2, 999)).toThrow("choose them again");
    expect(() => copy("text", 998, 999)).toThrow("choose them again");
  });

  test("is a part of the list, from whatever side it was chosen", () => {
    expect(copy("text", 2, 1)).toEqual(copy("text", 1, 2));
    expect(copy("text", 2, 2).records).toBe(1);
    expect(copy("text", 3, 3)).toMatchObject({ records: 0 });
  });
});
