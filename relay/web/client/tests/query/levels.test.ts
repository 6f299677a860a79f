import { describe, expect, test } from "vitest";
import { levelClass, levelName, parseLevel } from "../../src/query/index.ts";
import { vectors } from "../frame/bytes.ts";

describe("levels", () => {
  const { valid, invalid, names } = vectors<{
    valid: { text: string; number: number }[];
    invalid: { text: string }[];
    names: { number: number; name: string; class: string }[];
  }>("levels");

  test.each(valid)("$text is $number", ({ text, number }) => {
    expect(parseLevel(text)).toBe(number);
  });

  test.each(invalid)("$text is none", ({ text }) => {
    expect(parseLevel(text)).toBeNull();
  });

  test.each(names)("$number is named $name", ({ number, name, class: counted }) => {
    expect(levelName(number)).toBe(name);
    expect(levelClass(number)).toBe(counted);
  });
});
