import { beforeEach, describe, expect, test } from "vitest";
import { queries, remember, withQuery } from "../../src/query/history.ts";

beforeEach(() => {
  queries.value = [];
});

describe("the history of queries", () => {
  test("has the newest first, each once", () => {
    for (const query of ["a", "b", " a "]) remember(query);
    expect(queries.value).toEqual(["a", "b"]);
  });

  test("outlives the page", () => {
    remember("level:error");
    expect(JSON.parse(localStorage.getItem("tailrace.queries") ?? "")).toEqual(["level:error"]);
  });

  test("holds nothing that is empty, or too long to be typed", () => {
    expect(withQuery(["a"], "  ")).toEqual(["a"]);
    expect(withQuery(["a"], "b".repeat(5_000))).toEqual(["a"]);
  });

  test("forgets the oldest", () => {
    const all = Array.from({ length: 60 }, (_, place) => `q${place}`).reduce<string[]>(withQuery, []);
    expect(all).toHaveLength(50);
    expect(all.at(0)).toBe("q59");
  });
});
