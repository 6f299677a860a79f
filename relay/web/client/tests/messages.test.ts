import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { TailraceError } from "../src/index.ts";
import { type Message, readMessage } from "../src/messages.ts";

interface Vectors {
  valid: { name: string; text: string; reads: unknown }[];
  invalid: { name: string; text: string }[];
}

const file = new URL("../../../../tests/vectors/messages.json", import.meta.url);
const { valid, invalid }: Vectors = JSON.parse(readFileSync(file, "utf-8"));

describe("a message of a gateway", () => {
  test.each(valid)("is read: $name", ({ text, reads }) => {
    expect(plain(readMessage(text))).toEqual(reads);
  });

  test.each(invalid)("is not taken: $name", ({ text }) => {
    expect(readMessage(text)).toBeNull();
  });

  test("is not taken at any place where it breaks off", () => {
    for (const { text } of valid) {
      for (let length = 0; length < text.length; length += 7) expect(readMessage(text.slice(0, length))).toBeNull();
    }
  });

  test("cannot reach a prototype", () => {
    const text = '{"type":"heartbeat","cursor":"0-0","__proto__":{"polluted":true}}';
    expect(readMessage(text)).toEqual({ type: "heartbeat", cursor: "0-0" });
    expect("polluted" in {}).toBe(false);
  });
});

/** As JSON would have it: an error shows what it holds. */
function plain(message: Message | null): unknown {
  if (message?.type !== "error") return message;
  expect(message.error).toBeInstanceOf(TailraceError);
  const { code, message: text, parameter, position, length } = message.error;
  const details = { parameter, position, length };
  const given = Object.entries(details).filter(([, value]) => value !== undefined);
  return { type: "error", error: { code, message: text, ...Object.fromEntries(given) } };
}
