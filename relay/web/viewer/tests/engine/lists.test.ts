// @vitest-environment node
import type { LogRecord } from "@tailrace/client";
import { afterEach, expect, test, vi } from "vitest";
import { until } from "../../../client/tests/gateway.ts";
import { Holding } from "../../src/engine/holding.ts";
import { Lists } from "../../src/engine/lists.ts";
import { finding, type QuerySieve, sieveOf } from "../../src/engine/sieve.ts";
import { counter, records } from "./records.ts";

const HELD = 1_000;

afterEach(() => vi.restoreAllMocks());

/** All that is held, in lists. */
function made(): Lists {
  const holding = new Holding(counter());
  const lists = new Lists(holding, sieveOf(""), () => undefined);
  lists.insert(holding.add(records(HELD)));
  return lists;
}

/** A sieve that lets every other record through and takes a ms for each, by a clock that nothing else moves. */
function slow(): { sieve: QuerySieve; looked: () => number } {
  let looked = 0;
  vi.spyOn(performance, "now").mockImplementation(() => looked);
  const matches = ({ seq }: LogRecord) => {
    looked += 1;
    return seq % 2 === 0;
  };
  return { sieve: { text: "slow", parts: null, matches, surely: matches, hits: () => [] }, looked: () => looked };
}

test("a query that is slow leaves time for others while all that is held is filtered, the newest first", async () => {
  const lists = made();
  const { sieve, looked } = slow();
  lists.filter(sieve);
  expect(looked()).toBeLessThan(HELD / 10);
  expect(lists.settled).toBe(false);
  expect(lists.of("all").at(-1)).toMatchObject({ record: { seq: HELD } });
  await until(() => lists.settled, "all to be filtered");
  expect(looked()).toBe(HELD);
  expect(lists.of("all").records).toBe(HELD / 2);
  lists.close();
});

test("what is filtered in many pieces is in order, and so are its hits", async () => {
  const lists = made();
  const { sieve } = slow();
  lists.search(finding("message"));
  lists.filter(sieve);
  await until(() => lists.settled, "all to be filtered and searched");
  const shown = lists.of("all").rows();
  expect(shown.map((each) => each.type === "record" && each.record.seq)).toEqual(
    Array.from({ length: HELD / 2 }, (_, index) => 2 * (index + 1)),
  );
  expect(lists.of("all").hits).toBe(HELD / 2);
  lists.close();
});
