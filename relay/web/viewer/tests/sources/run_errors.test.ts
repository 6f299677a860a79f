import type { PageOptions, StreamHorizon } from "@tailrace/client";
import { describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import { RunErrors } from "../../src/sources/run_errors.ts";
import { horizon } from "./services.ts";

const MS = 1_763_683_200_000;

/** A gateway with a run whose errors have these numbers; which calls it had, and behind which record. */
function gateway(numbers: number[]) {
  const asked: string[] = [];
  const found = { numbers, gaps: [] as { reason: string }[], most: 1_000 };
  const ids = () => found.numbers.map((n) => ({ id: `${MS}-${n}` }));
  const summary = () => ({ total: found.numbers.length, last: ids().at(-1) ?? null });
  const page = ({ after = "" }: PageOptions) => {
    const place = Number(/-(\d+)/.exec(after)?.[1]);
    const rest = found.numbers.filter((n) => n > place).map((n) => ({ id: `${MS}-${n}` }));
    const records = rest.slice(0, found.most);
    return { records, next: rest.length > found.most ? `${records.at(-1)?.id}~4f1c~0` : null, gaps: found.gaps };
  };
  const call = async (name: string, _stream: string, options: PageOptions) => {
    asked.push(name === "page" ? `page ${options.after}` : name);
    return name === "page" ? page(options) : summary();
  };
  return { asked, found, errors: new RunErrors({ call } as unknown as Engine) };
}

/** The run as it is with so many records. */
function run(records: number, more: Partial<StreamHorizon> = {}): StreamHorizon {
  return { ...horizon("run:a", records, MS), ...more };
}

describe("errors of a run", () => {
  test("are counted once, and then those that came", async () => {
    const { asked, found, errors } = gateway([2, 5]);
    expect(await errors.of(run(6))).toBe(2);
    found.numbers = [2, 5, 8, 9];
    expect(await errors.of(run(9))).toBe(4);
    expect(await errors.of(run(20))).toBe(4);
    expect(asked).toEqual(["summary", `page ${MS}-6`, `page ${MS}-9`]);
  });

  test("that came while they were counted count once", async () => {
    const { asked, found, errors } = gateway([2, 8]);
    expect(await errors.of(run(6))).toBe(2);
    found.numbers = [2, 8, 9];
    expect(await errors.of(run(9))).toBe(3);
    expect(asked).toEqual(["summary", `page ${MS}-8`]);
  });

  test("are counted page by page where many came", async () => {
    const { found, errors } = gateway([]);
    expect(await errors.of(run(1))).toBe(0);
    Object.assign(found, { numbers: [2, 3, 4, 5, 6], most: 2 });
    expect(await errors.of(run(6))).toBe(5);
  });

  test("are counted anew when the oldest records went, but not each time", async () => {
    const { asked, found, errors } = gateway([2, 5]);
    await errors.of(run(6), 0);
    found.numbers = [5];
    expect(await errors.of(run(9, { oldest: `${MS}-3` }), 1_000)).toBe(2);
    expect(await errors.of(run(10, { oldest: `${MS}-4` }), 40_000)).toBe(1);
    expect(asked.filter((name) => name === "summary")).toHaveLength(2);
  });

  test.each([
    ["all that was counted is gone", { oldest: `${MS}-8` }, []],
    ["it is numbered anew", { epoch: "9999" }, []],
    ["some was withdrawn", {}, [{ reason: "fork" }]],
  ])("are counted anew at once when %s", async (_, more, gaps) => {
    const { asked, found, errors } = gateway([2, 5]);
    await errors.of(run(6), 0);
    Object.assign(found, { numbers: [9], gaps });
    expect(await errors.of(run(9, more), 1_000)).toBe(1);
    expect(asked.at(-1)).toBe("summary");
  });
});
