import { expect, test, vi } from "vitest";
import { Credentials } from "../src/credentials.ts";

test("without a token there is none", async () => {
  const credentials = new Credentials();
  expect([await credentials.current(), await credentials.renewed(undefined)]).toEqual([undefined, undefined]);
});

test("a token that was given stays", async () => {
  const credentials = new Credentials("a.b.c");
  expect([await credentials.current(), await credentials.renewed("a.b.c")]).toEqual(["a.b.c", "a.b.c"]);
});

test("one is asked for once, however many need it", async () => {
  let asked = 0;
  const credentials = new Credentials(undefined, async () => `t${++asked}`);
  expect(await Promise.all([credentials.current(), credentials.current()])).toEqual(["t1", "t1"]);
  expect(await Promise.all([credentials.renewed("t1"), credentials.renewed("t1")])).toEqual(["t2", "t2"]);
  expect(await credentials.renewed("t1")).toBe("t2");
  expect(asked).toBe(2);
});

test("one that cannot be had is asked for again", async () => {
  let asked = 0;
  const credentials = new Credentials(undefined, () => {
    asked += 1;
    if (asked === 1) throw new Error("not signed in");
    return "t2";
  });
  await expect(credentials.current()).rejects.toMatchObject({
    code: "unauthorized",
    message: "getToken failed: Error: not signed in",
  });
  expect(await credentials.current()).toBe("t2");
});

test("one that does not come is given up after a minute, and asked for again", async () => {
  vi.useFakeTimers();
  try {
    let asked = 0;
    const credentials = new Credentials(undefined, () => {
      asked += 1;
      return asked === 1 ? new Promise<string>(() => {}) : "t2";
    });
    const failure = credentials.current().catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await failure).toMatchObject({ code: "unauthorized", message: "getToken failed: no token came" });
    expect(await credentials.current()).toBe("t2");
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test.each(["a b", "a\nb", "ä", "a,b"])("what is no token is refused and not repeated: %j", async (token) => {
  expect(() => new Credentials(token)).toThrow("not a JSON web token");
  const failure = await new Credentials(undefined, () => token).current().catch(String);
  expect(failure).toContain("not a JSON web token");
  expect(failure).not.toContain(token);
});
