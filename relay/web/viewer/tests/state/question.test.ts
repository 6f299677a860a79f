import type { LogRecord } from "@tailrace/client";
import { parse } from "@tailrace/client/query";
import { describe, expect, test } from "vitest";
import { LEVEL_CLASSES, levelClassOf } from "../../src/engine/rows.ts";
import { EMPTY, type View } from "../../src/state/address.ts";
import { boxStart, isSame, queryOf, unitsAt } from "../../src/state/question.ts";

describe("the query that is asked", () => {
  test("is the box alone where nothing else is chosen", () => {
    expect(queryOf({ ...EMPTY, query: "a OR b" })).toBe("a OR b");
  });

  test("is nothing where the box has blanks only", () => {
    expect(queryOf({ ...EMPTY, query: " \t " })).toBe("");
    expect(queryOf({ ...EMPTY, query: " \n ", levels: ["error"] })).toBe("level:40..49");
  });

  test("is the same whatever blanks are around the box", () => {
    expect(queryOf({ ...EMPTY, query: "  a b " })).toBe("a b");
  });

  test("takes the numbers that have a level's colour", () => {
    expect(queryOf({ ...EMPTY, levels: ["trace"] })).toBe("level:<10");
    expect(queryOf({ ...EMPTY, levels: ["critical", "debug"] })).toBe("level:(10..19 OR >=50)");
  });

  test("leaves nothing out where every level is chosen", () => {
    expect(queryOf({ ...EMPTY, levels: [...LEVEL_CLASSES] })).toBe("");
  });

  test("joins levels, sources and the whole of the box", () => {
    expect(queryOf({ query: "a OR b", levels: ["error"], sources: ["stderr", "file"] })).toBe(
      'level:40..49 source:("stderr" OR "file") (a OR b)',
    );
  });

  test("quotes what is odd in the names of sources, and nothing else", () => {
    expect(queryOf({ ...EMPTY, sources: ['a "b" \\c\n*'] })).toBe('source:"a \\"b\\" \\\\c\n*"');
  });

  test("keeps a backslash at the end of the box from the parenthesis behind it", () => {
    expect(queryOf({ ...EMPTY, query: "C:\\", levels: ["error"] })).toBe("level:40..49 (C:\\\\)");
    expect(queryOf({ ...EMPTY, query: "C:\\\\", levels: ["error"] })).toBe("level:40..49 (C:\\\\)");
    expect(queryOf({ ...EMPTY, query: "a\\ ", levels: ["error"] })).toBe("level:40..49 (a\\ )");
  });

  test.each([
    ["alone", { ...EMPTY, query: "  word" }],
    ["behind others", { ...EMPTY, query: " word", levels: ["error" as const] }],
  ])("says where the box begins, %s", (_, asked) => {
    const start = boxStart(asked);
    expect(queryOf(asked).indexOf("word")).toBe(start + asked.query.indexOf("word"));
  });

  test("counts whole characters as gateways do", () => {
    expect(unitsAt("😀a", 1)).toBe(2);
    expect(unitsAt("ab", 9)).toBe(2);
  });

  test("is the same question when all of it is", () => {
    const question = { streams: ["api"], query: "", tail: 100, since: "", until: "", record: "" };
    expect(isSame(question, { ...question })).toBe(true);
    expect(isSame(question, { ...question, tail: 50 })).toBe(false);
    expect(isSame(question, null)).toBe(false);
  });
});

describe("what is made of quick levels and sources", () => {
  function record(level: number, source: string, message = "it is done"): LogRecord {
    const time = "2026-11-21T10:30:15.250000Z";
    const level_number = level;
    return { id: "1-1", time, level: "X", level_number, stream: "api", message, source, producer: "00", seq: 1 };
  }

  function shows(asked: Partial<View>, given: LogRecord): boolean {
    return parse(queryOf({ ...EMPTY, ...asked })).matches(given);
  }

  test("is the records of each level, whatever number it has", () => {
    for (const level of LEVEL_CLASSES)
      for (const number of [-1, 0, 5, 9, 10, 19, 20, 25, 30, 39, 40, 49, 50, 99])
        expect(shows({ levels: [level] }, record(number, "file")), `${level} ${number}`).toBe(
          levelClassOf(number) === level,
        );
  });

  test.each(["a,b", 'a "quoted" one', "back\\slash\\", "a*b?", "/x/", "-a (b) OR c:d", "line\nend\u0007", "журнал"])(
    "is the records of the source %j and no other",
    (source) => {
      const asked = { sources: [source, "file"], levels: ["info" as const], query: "done OR C:\\" };
      expect(shows(asked, record(20, source))).toBe(true);
      expect(shows(asked, record(20, "file"))).toBe(true);
      expect(shows(asked, record(20, "stderr"))).toBe(false);
      expect(shows(asked, record(40, source))).toBe(false);
      expect(shows(asked, record(20, source, "other"))).toBe(false);
    },
  );

  test.each(["C:\\", "/api/users", "/a OR b", "a OR b", "-x", '"("', "a\\ "])(
    "leaves the box %j what it means",
    (query) => {
      const asked = { query, sources: ["a/ b/", "c"], levels: ["info" as const] };
      const alone = parse(query).canonical;
      expect(parse(queryOf({ ...EMPTY, ...asked })).canonical).toContain(alone);
    },
  );
});
