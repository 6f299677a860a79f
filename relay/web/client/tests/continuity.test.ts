import { describe, expect, test } from "vitest";
import { Continuity, type Taken, type Told } from "../src/continuity.ts";
import type { CursorMessage, GapMessage, HelloMessage, RecordsMessage } from "../src/messages.ts";
import type { LogRecord } from "../src/records.ts";

const id = (n: number) => `9-${n}`;

function record(n: number, stream = "api"): LogRecord {
  const rest = { time: "", level: "INFO", level_number: 20, message: `m${n}`, producer: "p", seq: n };
  return { id: id(n), stream, ...rest };
}

function records(...numbers: number[]): RecordsMessage {
  const cursor = `${id(numbers.at(-1) ?? 0)}~e~0`;
  return { type: "records", stream: "api", records: numbers.map((n) => record(n)), numbers, cursor };
}

function gap(reason: string, after: number | null, before: number | null, count?: number | null): GapMessage {
  const cursor = before === null ? "0-0" : `${id(before - 1)}~e~0`;
  const size = count === undefined ? (before ?? 0) - (after ?? 0) - 1 : count;
  const places = { after: after === null ? null : id(after), before: before === null ? null : id(before) };
  return { type: "gap", gap: { stream: "api", count: size, ...places, reason }, cursor };
}

function hello(cursor: string, complete = true, streams: HelloMessage["streams"] = []): HelloMessage {
  return { type: "hello", gateway: "g", streams, complete, cursor };
}

function begun(cursor = "9-0~e~0", complete = true): Continuity {
  const continuity = new Continuity("api");
  expect(take(continuity, hello(cursor, complete))).toEqual([]);
  return continuity;
}

function take(continuity: Continuity, message: CursorMessage, accept = false): Taken {
  return continuity.take(message, "before", accept);
}

function eventsOf(taken: Taken): Told[] {
  if (!Array.isArray(taken)) throw new Error(`a hole: ${JSON.stringify(taken)}`);
  return taken;
}

/** What a message gives, in short: the numbers of records, the reasons of gaps. */
function given(taken: Taken): (number[] | string)[] {
  return eventsOf(taken).map((event) =>
    event.type === "gap"
      ? `${event.gap.reason} ${event.gap.after}..${event.gap.before}`
      : event.records.map(({ seq }) => seq),
  );
}

describe("of very many streams", () => {
  /** What comes of a stream that was at 1 when there are so many others, and a cursor leaves it out. */
  function after(others: number): Taken {
    const continuity = new Continuity("*");
    const of = (stream: string, n: number): RecordsMessage => ({
      ...records(n),
      stream,
      cursor: `0~${stream}~9-${n}~e~0`,
    });
    take(continuity, hello("0"));
    for (const stream of ["old", ...Array.from({ length: others }, (_, index) => `run:${index}`)])
      take(continuity, of(stream, 1));
    take(continuity, { type: "heartbeat", cursor: "0~run:1~9-1~e~0" });
    return take(continuity, of("old", 5));
  }

  test("one that is quiet is remembered", () => {
    expect(after(9_999)).toEqual({ stream: "old", after: 1, before: 5 });
  });

  test("one that is quiet is forgotten beyond 10 000", () => {
    expect(given(after(10_000))).toEqual([[5]]);
  });
});

describe("where each record comes", () => {
  test("neighbours are given", () => {
    const continuity = begun();
    expect(given(take(continuity, records(1, 2, 3)))).toEqual([[1, 2, 3]]);
    expect(given(take(continuity, records(4)))).toEqual([[4]]);
    expect(continuity.counts).toMatchObject({ records: 4, missing: 0, duplicates: 0, outOfOrder: 0 });
  });

  test("what comes again is left out, and counted", () => {
    const continuity = begun();
    take(continuity, records(1, 2, 3));
    expect(given(take(continuity, records(2, 3, 4)))).toEqual([[4]]);
    expect(given(take(continuity, records(4)))).toEqual([]);
    expect(continuity.counts).toMatchObject({ records: 4, duplicates: 3, outOfOrder: 0 });
  });

  test("a hole is asked for again, and nothing of the message is taken", () => {
    const continuity = begun();
    take(continuity, records(1, 2));
    const taken = take(continuity, records(3, 6, 7));
    expect(taken).toEqual({ stream: "api", after: 3, before: 6 });
    expect(given(take(continuity, records(3, 4, 5, 6, 7)))).toEqual([[3, 4, 5, 6, 7]]);
    expect(continuity.counts).toMatchObject({ records: 7, missing: 0, duplicates: 0 });
  });

  test("a hole that is there again is told in its place, and counted", () => {
    const continuity = begun();
    take(continuity, records(1, 2));
    const taken = take(continuity, records(3, 6, 7), true);
    expect(given(taken)).toEqual([[3], "missing null..9-6", [6, 7]]);
    expect(eventsOf(taken).map(({ cursor }) => cursor)).toEqual(["before", "before", "9-7~e~0"]);
    expect(continuity.counts).toMatchObject({ records: 5, missing: 2, gaps: 1, lost: {} });
  });

  test("what comes after it was missing is out of order", () => {
    const continuity = begun();
    take(continuity, records(1, 4), true);
    expect(given(take(continuity, records(2, 3)))).toEqual([]);
    expect(continuity.counts).toMatchObject({ records: 2, missing: 2, outOfOrder: 2, duplicates: 0 });
  });

  test.each(["trimmed", "cleared", "agent_dropped", "unreadable", "of a later protocol"])(
    "a gap is no hole: %s",
    (reason) => {
      const continuity = begun();
      take(continuity, records(1, 2));
      expect(given(take(continuity, gap(reason, 2, 6)))).toEqual([`${reason} 9-2..9-6`]);
      expect(given(take(continuity, records(6, 7)))).toEqual([[6, 7]]);
      expect(continuity.counts).toMatchObject({ records: 4, lost: { [reason]: 3 }, gaps: 1, missing: 0 });
    },
  );

  test("a hole before a gap is one, too", () => {
    const continuity = begun();
    take(continuity, records(1, 2));
    expect(take(continuity, gap("trimmed", 4, 6))).toEqual({ stream: "api", after: 2, before: 5 });
    expect(given(take(continuity, gap("trimmed", 4, 6), true))).toEqual(["missing null..null", "trimmed 9-4..9-6"]);
    expect(continuity.counts).toMatchObject({ missing: 2, lost: { trimmed: 1 } });
  });

  test("a gap that is told again counts once, and one that reaches back counts what is new", () => {
    const continuity = begun();
    take(continuity, gap("trimmed", 0, 4));
    expect(given(take(continuity, gap("trimmed", 0, 4)))).toEqual([]);
    expect(given(take(continuity, gap("trimmed", 1, 6)))).toEqual(["trimmed 9-1..9-6"]);
    expect(continuity.counts).toMatchObject({ lost: { trimmed: 5 }, gaps: 2 });
  });

  test("a clearing that costs nothing is told", () => {
    const continuity = begun();
    take(continuity, records(1, 2));
    expect(given(take(continuity, gap("cleared", 2, 3)))).toEqual(["cleared 9-2..9-3"]);
    expect(given(take(continuity, records(3)))).toEqual([[3]]);
    expect(continuity.counts).toMatchObject({ lost: {}, gaps: 1, records: 3 });
  });

  test("a fork takes back records and gaps, and what comes again counts once", () => {
    const continuity = begun();
    take(continuity, records(1, 2, 3));
    take(continuity, gap("agent_dropped", 3, 6));
    take(continuity, records(6, 7));
    expect(given(take(continuity, gap("fork", 2, 3, 5)))).toEqual(["fork 9-2..9-3"]);
    expect(continuity.counts).toMatchObject({ records: 2, withdrawn: 3, lost: { agent_dropped: 0 } });
    expect(given(take(continuity, records(3, 4)))).toEqual([[3, 4]]);
    expect(continuity.counts).toMatchObject({ records: 4, duplicates: 0, missing: 0 });
  });

  test("a fork that goes back further than this client began takes back all it has", () => {
    const continuity = begun("9-10~e~0");
    take(continuity, records(11, 12));
    take(continuity, gap("fork", 0, 1, 12));
    expect(continuity.counts).toMatchObject({ records: 0, withdrawn: 2 });
    expect(given(take(continuity, records(1, 2)))).toEqual([[1, 2]]);
  });

  test("a lost numbering begins anew", () => {
    const continuity = begun();
    take(continuity, records(1, 2, 3));
    const lost = gap("epoch", 3, 1, null);
    expect(given(take(continuity, { ...lost, cursor: "0-0~f~0" }))).toEqual(["epoch 9-3..9-1"]);
    expect(given(take(continuity, { ...records(1, 2), cursor: "9-2~f~0" }))).toEqual([[1, 2]]);
    expect(continuity.counts).toMatchObject({ records: 5, lost: { epoch: 1 }, duplicates: 0, missing: 0 });
  });

  test("a lost numbering without a record yet begins anew as well", () => {
    const continuity = begun();
    take(continuity, records(1, 2, 3));
    take(continuity, gap("epoch", 3, null, null));
    expect(given(take(continuity, { ...records(1), cursor: "9-1~f~0" }))).toEqual([[1]]);
    expect(continuity.counts).toMatchObject({ records: 4, duplicates: 0, missing: 0 });
  });

  test("another numbering that nobody spoke of is told as a lost one", () => {
    const continuity = begun();
    take(continuity, records(1, 2, 3));
    expect(given(take(continuity, { ...records(2, 3), cursor: "9-3~f~0" }))).toEqual(["epoch null..9-2", [2, 3]]);
    expect(continuity.counts).toMatchObject({ records: 5, lost: { epoch: 1 }, gaps: 1, duplicates: 0 });
  });

  test("a hole in another numbering is asked for again before that is told", () => {
    const continuity = begun();
    take(continuity, records(1, 2, 3));
    const anew = { ...records(1, 3), cursor: "9-3~f~0" };
    expect(take(continuity, anew)).toEqual({ stream: "api", after: 1, before: 3 });
    expect(given(take(continuity, anew, true))).toEqual(["epoch null..9-1", [1], "missing null..9-3", [3]]);
  });

  test("a cursor that is ahead shows what did not come at the end", () => {
    const continuity = begun();
    take(continuity, records(1, 2));
    expect(take(continuity, { type: "heartbeat", cursor: "9-2~e~0" })).toEqual([]);
    expect(take(continuity, { type: "heartbeat", cursor: "9-4~e~0" })).toEqual({ stream: "api", after: 2, before: 5 });
    expect(take(continuity, { type: "heartbeat", cursor: "9-4~e~0" }, true)).toMatchObject([
      { gap: { reason: "missing", count: 2 } },
    ]);
    expect(continuity.counts.missing).toBe(2);
    expect(take(continuity, { type: "heartbeat", cursor: "9-4~e~0" })).toEqual([]);
  });

  test("a cursor of another numbering shows nothing", () => {
    const continuity = begun();
    take(continuity, records(1, 2));
    expect(take(continuity, { type: "heartbeat", cursor: "9-70~f~0" })).toEqual([]);
  });
});

describe("of several streams", () => {
  test("each has its own numbers", () => {
    const continuity = new Continuity("api,web");
    take(continuity, hello("5~api~9-3~e~0~web~9-7~e~0"));
    const cursor = "5~api~9-4~e~0~web~9-7~e~0";
    expect(given(take(continuity, { ...records(4), cursor }))).toEqual([[4]]);
    const web = { ...records(9), stream: "web", cursor: "5~api~9-4~e~0~web~9-9~e~0" };
    expect(take(continuity, web)).toEqual({ stream: "web", after: 7, before: 9 });
    expect(take(continuity, { type: "heartbeat", cursor: "5~api~9-5~e~0~web~9-7~e~0" })).toEqual({
      stream: "api",
      after: 4,
      before: 6,
    });
  });

  test("a quiet one that the cursor leaves out begins at its end", () => {
    const continuity = new Continuity("api,web");
    take(continuity, hello("5", true, [{ stream: "api", epoch: "e", newest: "2-8" }]));
    expect(take(continuity, { ...records(10), cursor: "5~api~9-10~e~0" })).toHaveProperty("before");
    expect(given(take(continuity, { ...records(9), cursor: "5~api~9-9~e~0" }))).toEqual([[9]]);
  });

  test("one that nobody spoke of begins where it begins", () => {
    const continuity = new Continuity("api,web");
    take(continuity, hello("5"));
    expect(given(take(continuity, { ...records(70, 71), cursor: "5~api~9-71~e~0" }))).toEqual([[70, 71]]);
    expect(take(continuity, { ...records(73), cursor: "5~api~9-73~e~0" })).toHaveProperty("before");
  });
});

describe("where a query leaves records out", () => {
  test("numbers only rise", () => {
    const continuity = begun("9-0~e~0", false);
    expect(given(take(continuity, records(3, 7, 20)))).toEqual([[3, 7, 20]]);
    expect(take(continuity, { type: "heartbeat", cursor: "9-50~e~0" })).toEqual([]);
    expect(given(take(continuity, records(7, 20, 51)))).toEqual([[51]]);
    expect(given(take(continuity, records(40)))).toEqual([]);
    expect(continuity.counts).toMatchObject({ records: 4, duplicates: 2, outOfOrder: 1, missing: 0 });
  });

  test("a fork takes back the records that it had", () => {
    const continuity = begun("9-0~e~0", false);
    take(continuity, records(3, 7, 20));
    take(continuity, gap("fork", 5, 6, 15));
    expect(continuity.counts).toMatchObject({ records: 1, withdrawn: 2 });
    expect(given(take(continuity, records(7)))).toEqual([[7]]);
  });

  test("a gap behind what did not match is no hole", () => {
    const continuity = begun("9-0~e~0", false);
    take(continuity, records(3));
    expect(given(take(continuity, gap("trimmed", 9, 12)))).toEqual(["trimmed 9-9..9-12"]);
    expect(continuity.counts).toMatchObject({ lost: { trimmed: 2 }, missing: 0 });
  });
});
