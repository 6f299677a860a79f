import { describe, expect, test } from "vitest";
import { complete, type Known, MOST_SUGGESTIONS, parse } from "../../src/query/index.ts";

const known: Known = {
  source: ["logging", "stderr", "stdout"],
  stream: ["api", "worker.billing", "run:8f3a"],
  logger: new Set(["db.pool", "db pool", 'odd "one"']),
  status: [200, 404, 503],
  "fields.user id": ["zoë"],
  "http.route": ["/api/users"],
};

/** What the text becomes with each suggestion; the caret is where `|` stands. */
function completed(marked: string): string[] {
  const caret = marked.indexOf("|");
  const text = marked.replace("|", "");
  return complete(text, caret, known).map(({ insert, start, end }) => text.slice(0, start) + insert + text.slice(end));
}

describe("the suggestions", () => {
  test.each([
    ["lev|", ["level:", "level_number:"]],
    ["a -so|", ["a -source:"]],
    ["(a OR -rou|", ["(a OR -http.route:"]],
    ["user|", ["fields.user\\ id:"]],
    ["le|vel:error x", ["level:error x", "level_number:error x"]],
    ["level:|", ["level:DEBUG", "level:INFO", "level:WARNING", "level:ERROR", "level:CRITICAL"]],
    ["level:>=wa|", ["level:>=WARNING"]],
    ["-level:er|", ["-level:ERROR"]],
    ["level:(error OR c|", ["level:(error OR CRITICAL"]],
    ["level:(error OR (x -w|) y", ["level:(error OR (x -WARNING) y"]],
    ["source:std|", ["source:stderr", "source:stdout"]],
    ["source:err|", ["source:stderr"]],
    ["source:st|dx b", ["source:stderr b", "source:stdout b"]],
    ["logger:db|", ["logger:db.pool", 'logger:"db pool"']],
    ['logger:"db|', ["logger:db.pool", 'logger:"db pool"']],
    ['logger:"db|" x', ["logger:db.pool x", 'logger:"db pool" x']],
    ["logger:odd|", ['logger:"odd \\"one\\""']],
    ["stream:run|", ['stream:"run:8f3a"']],
    ["status:5|", ["status:503"]],
    ["fields.user\\ id:|", ["fields.user\\ id:zoë"]],
    ["http.route:/a|", ['http.route:"/api/users"']],
    ["constructor:|", []],
    ['"lev|', []],
    ["/lev|", []],
    ["a N|", ["a NOT "]],
    ["a O|", ["a OR "]],
    ["A|", ["action:"]],
    ["level:ERROR|", []],
  ])("for %s", (text, expected) => {
    const found = completed(text);
    expect(found.slice(0, Math.max(expected.length, 1))).toEqual(expected);
  });

  test("are not of AND and OR where nothing stands before", () => {
    const operators = (text: string) =>
      complete(text, text.length, {})
        .filter(({ kind }) => kind === "operator")
        .map(({ label }) => label);
    expect(operators("a AN")).toEqual(["AND"]);
    expect(operators("AN")).toEqual([]);
    expect(operators("(AN")).toEqual([]);
    expect(operators("a OR AN")).toEqual([]);
    expect(operators("(a) AN")).toEqual(["AND"]);
    expect(operators("NO")).toEqual(["NOT"]);
  });

  test("say what they are", () => {
    expect(complete("sourc", 5, known)).toEqual([
      { kind: "key", label: "source", insert: "source:", start: 0, end: 5 },
    ]);
    expect(complete("x logger:db p", 11, known)[1]).toEqual({
      kind: "value",
      label: "db pool",
      insert: '"db pool"',
      start: 9,
      end: 11,
    });
  });

  test("are no more than a list can show", () => {
    const many = { host: Array.from({ length: 50_000 }, (_, place) => `web-${place}`) };
    expect(complete("host:", 5, many)).toHaveLength(MOST_SUGGESTIONS);
    expect(complete("", 0, many)).toHaveLength(MOST_SUGGESTIONS);
  });

  test("make queries that can be read", () => {
    for (const text of ["", "a ", "level:", "logger:", "x -(stream:", "status:", "user", "fields.user\\ id:"]) {
      for (const { insert, start, end, kind } of complete(text, text.length, known)) {
        const query = text.slice(0, start) + insert + text.slice(end) + (kind === "value" ? "" : "*");
        expect(() => parse(query + (query.includes("(") ? ")" : "")), query).not.toThrow();
      }
    }
  });
});
