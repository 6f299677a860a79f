import { describe, expect, test } from "vitest";
import { parse, QueryError } from "../../src/query/index.ts";
import type { LogRecord } from "../../src/records.ts";
import { vectors } from "../frame/bytes.ts";

const { records, matches, invalid } = vectors<{
  records: Record<string, LogRecord>;
  matches: { query: string; canonical: string; matches: string[] }[];
  invalid: { query: string; position: number; length: number; message: string }[];
}>("query");

// As a gateway gives them: with what they are when they do not say.
const given = Object.entries(records).map(([name, record]): [string, LogRecord] => [
  name,
  { source: "logging", kind: "log", ...record },
]);

function matching(query: string): string[] {
  const { matches } = parse(query);
  return given.filter(([, record]) => matches(record)).map(([name]) => name);
}

describe.each(matches)("the query $query", ({ query, canonical, matches }) => {
  test("matches the records that the vector names", () => {
    // JavaScript does not have all that RE2 has; then what may match does.
    expect(matching(query)).toEqual(parse(query).exact ? matches : expect.arrayContaining(matches));
  });

  test("hides none of them where expressions are left to the server", () => {
    const { matches: mayMatch } = parse(query, { regex: "server" });
    expect(given.filter(([, record]) => mayMatch(record)).map(([name]) => name)).toEqual(
      expect.arrayContaining(matches),
    );
  });

  test("has the canonical form that the vector names, which is a query of the same meaning", () => {
    expect(parse(query).canonical).toBe(canonical);
    expect(parse(canonical).canonical).toBe(canonical);
    expect(matching(canonical)).toEqual(matching(query));
  });
});

test.each(invalid)("the mistake in $query is named and placed", ({ query, position, length, message }) => {
  const error = mistake(query);
  expect(error.message.startsWith(message), error.message).toBe(true);
  expect([error.position, error.length]).toEqual([position, length]);
  expect([error.code, error.parameter]).toEqual(["bad_request", "query"]);
});

function mistake(query: string): QueryError {
  try {
    parse(query);
  } catch (error) {
    if (error instanceof QueryError) return error;
    throw error;
  }
  throw new Error(`${query} was read`);
}
