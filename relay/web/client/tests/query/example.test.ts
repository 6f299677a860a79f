import { expect, test } from "vitest";
import { complete, highlights, parse, without, withPart } from "../../src/query/index.ts";

test("the example of docs/QUERY.md does what it says", () => {
  const query = parse("level:>=warning timeout -logger:db.*", { regex: "server" });
  expect(highlights(query)("Connection: timeout")).toEqual([[12, 19]]);
  expect(query.parts.map(({ text }) => text)).toEqual(["level:>=warning", "timeout", "-logger:db.*"]);
  expect(without(query.text, query.parts[1] ?? { start: -1 })).toBe("level:>=warning -logger:db.*");
  expect(withPart(query.text, "status", 503)).toBe(`${query.text} status:503`);
  expect(withPart(query.text, "status", 503, true)).toBe(`${query.text} -status:503`);
  expect(complete("level:>=w", 9, {})).toEqual([
    { kind: "value", label: "WARNING", insert: "WARNING", start: 8, end: 9 },
  ]);
});
