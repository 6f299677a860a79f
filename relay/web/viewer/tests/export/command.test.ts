import { describe, expect, test } from "vitest";
import type { EngineQuestion } from "../../src/engine/protocol.ts";
import { quoted, tailCommand } from "../../src/export/command.ts";

const GATEWAY = "http://127.0.0.1:8000/";
const NOW = Date.parse("2026-11-21T16:42:30Z");
const QUESTION: EngineQuestion = { streams: ["api"], query: "", tail: 100, since: "", until: "", record: "" };

const command = (change: Partial<EngineQuestion>) => tailCommand(GATEWAY, { ...QUESTION, ...change }, NOW);

describe("the command shows what the page shows", () => {
  test.each<[string, Partial<EngineQuestion>, string]>([
    ["live", {}, "tailrace tail api --url http://127.0.0.1:8000/ -n 100 -f"],
    [
      "several streams, and globs",
      { streams: ["api", "run:*"], tail: 500 },
      "tailrace tail api 'run:*' --url http://127.0.0.1:8000/ -n 500 -f",
    ],
    [
      "a query",
      { query: `level:>=warning "it's gone" $HOME` },
      String.raw`tailrace tail api --url http://127.0.0.1:8000/ -q 'level:>=warning "it'\''s gone" $HOME' -n 100 -f`,
    ],
    [
      "a query that begins with a minus",
      { query: "-debug" },
      "tailrace tail api --url http://127.0.0.1:8000/ --query=-debug -n 100 -f",
    ],
    [
      "a stream that does",
      { streams: ["-odd", "api"] },
      "tailrace tail --url http://127.0.0.1:8000/ -n 100 -f -- -odd api",
    ],
    [
      "since a time, from an hour before by the clock of Redis",
      { since: "2026-11-21T16:00:00.000Z" },
      "tailrace tail api --url http://127.0.0.1:8000/ -q 'time:>=2026-11-21T16:00:00.000Z' --after 1795273200000-0 -f",
    ],
    [
      "since some time ago",
      { since: "-1h30m", query: "a OR b" },
      "tailrace tail api --url http://127.0.0.1:8000/ -q '(a OR b) time:>=2026-11-21T15:12:30.000Z' --after 1795270350000-0 -f",
    ],
    [
      "within a span, which ends",
      { since: "2026-11-21T16:00:00.000Z", until: "2026-11-21T16:09:59.999Z" },
      "tailrace tail api --url http://127.0.0.1:8000/ -q 'time:>=2026-11-21T16:00:00.000Z time:<=2026-11-21T16:09:59.999Z' --after 1795273200000-0",
    ],
    [
      "until a time",
      { until: "2026-11-21T16:00:00.000Z" },
      "tailrace tail api --url http://127.0.0.1:8000/ -q 'time:<=2026-11-21T16:00:00.000Z' -n 100",
    ],
    [
      "from a record on",
      { record: "run:1/1795273200000-42", streams: ["api"] },
      "tailrace tail run:1 --url http://127.0.0.1:8000/ --after 1795273200000-41",
    ],
    [
      "from the first record on",
      { record: "api/1795273200000-1" },
      "tailrace tail api --url http://127.0.0.1:8000/ --after 0-0",
    ],
  ])("%s", (_, change, text) => {
    expect(command(change)).toBe(text);
  });
});

test("a shell takes a quoted word for what it was", () => {
  expect(quoted("api")).toBe("api");
  expect(quoted("")).toBe("''");
  expect(quoted("a b")).toBe("'a b'");
  expect(quoted('`x` $(y) \\ "z" !')).toBe("'`x` $(y) \\ \"z\" !'");
  expect(quoted("~root")).toBe("'~root'");
  expect(quoted("two\nlines")).toBe("'two\nlines'");
});
