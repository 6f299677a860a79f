// @vitest-environment node
import { expect, test } from "vitest";
import { Known } from "../../src/engine/known.ts";
import { Rate } from "../../src/engine/rate.ts";
import { record } from "./records.ts";

test("values are told once, and again when there are new ones", () => {
  const known = new Known();
  known.note(record("1-1", { logger: "db", fields: { status: 503, user: { id: 1 } } }));
  expect(known.take(0)).toMatchObject({ logger: ["db"], status: ["503"], user: [], level: ["INFO"] });
  known.note(record("2-2", { logger: "db", fields: { status: 503 } }));
  expect(known.take(5000)).toBeNull();
  known.note(record("3-3", { logger: "app" }));
  expect(known.take(500)).toBeNull();
  expect(known.take(5000)?.["logger"]).toEqual(["db", "app"]);
});

test("what never repeats does not fill the page", () => {
  const known = new Known();
  for (let n = 0; n < 20_000; n += 1)
    known.note(record(`${n}-${n}`, { process: `p${n}`, fields: { id: n, [`name${n}`]: 1, long: "x".repeat(1000) } }));
  const values = known.take(0) ?? {};
  expect(Object.keys(values).length).toBeLessThanOrEqual(310);
  expect(values["id"]?.length).toBe(100);
  expect(values["long"]).toEqual([]);
});

test("the rate is that of the last second", () => {
  const rate = new Rate();
  for (let ms = 0; ms < 2000; ms += 10) rate.add(10, ms);
  expect(rate.at(1999)).toBe(1000);
  expect(rate.at(2599)).toBe(400);
  expect(rate.at(10_000)).toBe(0);
});
