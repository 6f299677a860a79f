import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { reset } from "../status/stage.ts";

// Each test begins before the language is loaded.
async function opened() {
  vi.resetModules();
  const { draft, mean, type } = await import("../../src/query/draft.ts");
  const { queries } = await import("../../src/query/history.ts");
  const { view } = await import("../../src/state/view.ts");
  queries.value = [];
  return { draft, mean, type, queries, view };
}

beforeEach(reset);

// Files that come later share the modules.
afterAll(() => {
  vi.resetModules();
});

describe("the query that is typed", () => {
  test("is remembered as it was meant, also while somebody types on before the language is loaded", async () => {
    const { mean, type, queries } = await opened();
    type("cart");
    const first = mean();
    type("never( meant");
    await first;
    expect(queries.value).toEqual(["cart"]);
  });

  test("is not remembered where it cannot be read, whatever is typed behind it", async () => {
    const { mean, type, queries, view } = await opened();
    type("never( meant");
    const first = mean();
    type("cart");
    await first;
    expect(queries.value).toEqual([]);
    expect(view.value.query).toBe("cart");
  });
});
