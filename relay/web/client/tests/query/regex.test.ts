import { describe, expect, test } from "vitest";
import { translate } from "../../src/query/regex.ts";

describe("an expression", () => {
  test.each([
    "timeout",
    "GET .*",
    "^GET /api/.*$",
    "\\d+ms",
    "user=\\w+ id=\\d+",
    "[\\w.+-]+@[\\w-]+\\.[\\w.-]+",
    "\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}",
    "[0-9a-f]{8}-[0-9a-f]{4}",
    "(timeout|refused|reset|unreachable|denied|unauthorized|forbidden|exception|traceback)",
    "error.{0,50}timeout",
    "(abc)+",
    "a+b+c+",
    "(?i)failed after \\d+",
  ])("%s is safe", (expression) => {
    expect(translate(expression, false).safe).toBe(true);
  });

  test.each([
    "(a+)+",
    "(a*)*b",
    "(a|a)*",
    "(a|aa)+$",
    "(a?)+",
    "(.*,)*x",
    "(?:a{1,3}){2,}",
    "(x+x+)+y",
    ".*.*.*",
    ".*a.*b",
    "\\w+\\s?\\w+\\s?\\w+",
    "a+ ?a+ ?a+",
    "\\s+a?\\s+$",
    "(a|b|c){9}x*",
    `${"a?".repeat(20)}${"a".repeat(20)}`,
    "(.{1,20}){20}",
    "((a{1,9}){1,9}){1,9}",
    "(a+){2}",
    "(?:a+b?)?a+",
    "K+k+",
  ])("%s is not called safe", (expression) => {
    expect(translate(expression, true).safe).toBe(false);
  });

  test.each([
    ["timeout", 4_194_304],
    ["timeout|refused|reset|unreachable", 1_048_576],
    ["error.{0,63}timeout", 65_536],
    [".{0,999}x", 4_194],
    ["\\w+@", 2_048],
    ["(?:GET|HEAD|POST|PUT) /\\w+", 1_024],
    ["a{0,31}\\w+x", 362],
  ])("%s is quick in texts of no more than %d characters", (expression, longest) => {
    expect(Math.floor(translate(expression, false).longest)).toBe(longest);
  });

  test("that is called safe takes little time on texts made against it", () => {
    for (const expression of ["\\d+ms", "(abc)+d", "[a-c]+x", ".*x", "a.{0,50}b", "(?:a|b|ab)*?"]) {
      const { source, flags, safe, longest } = translate(expression, false);
      if (!safe) continue;
      const compiled = new RegExp(source, flags);
      for (const text of ["1", "abc", "a", "ab"]) compiled.test(text.repeat(longest / text.length));
    }
  });

  test.each([
    ["(?i)abc", "iu"],
    ["abc", "u"],
    ["\\d(?i)abc", "iu"],
  ])("%s has the flags %s", (expression, flags) => {
    expect(translate(expression, false).flags).toBe(flags);
  });

  test("in which case counts here and not there says so, or is strange where an engine cannot", () => {
    const { source, flags, strange } = translate("ab(?i:c)", false);
    expect(strange || new RegExp(source, flags).test("abC")).toBe(true);
    expect(strange || !new RegExp(source, flags).test("ABC")).toBe(true);
  });

  test("of single bytes is strange", () => {
    expect(translate("a\\C", false).strange).toBe(true);
  });
});
