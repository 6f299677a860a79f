import { bench, describe } from "vitest";
import { parse } from "../../src/query/index.ts";
import type { LogRecord } from "../../src/records.ts";
import { record } from "./record.ts";

// What a viewer holds, and looks through again at each key that is pressed. Run: npx vitest bench --project client
const COUNT = 200_000;

const words = (
  "connection to database timed out after request user order payment processed failed retry queue worker cache miss " +
  "hit session token invalid response status"
).split(" ");
const levels = ["DEBUG", "INFO", "INFO", "INFO", "WARNING", "ERROR"];
const numbers: Record<string, number> = { DEBUG: 10, INFO: 20, WARNING: 30, ERROR: 40 };

let state = 1;
function below(limit: number): number {
  state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
  return (state >>> 8) % limit;
}

function oneOf(texts: readonly string[]): string {
  return texts[below(texts.length)] ?? "";
}

function made(place: number): LogRecord {
  const level = oneOf(levels);
  const time = `${new Date(1_795_219_200_000 + 10 * place).toISOString().slice(0, -1)}000Z`;
  const message = `${Array.from({ length: 12 }, () => oneOf(words)).join(" ")} ${below(10_000)}`;
  const fields = {
    status: 200 + below(400),
    duration_ms: below(3000),
    user: `user${below(1000)}`,
    http: { method: "GET" },
  };
  const said = record({ time, level, level_number: numbers[level] ?? 0, message, service: "shop", host: "web-1" });
  return place % 2 ? { ...said, fields } : said;
}

// Through JSON, as they come from a gateway.
const records: LogRecord[] = JSON.parse(JSON.stringify(Array.from({ length: COUNT }, (_, place) => made(place))));

describe("200 000 records filtered by", () => {
  const queries = [
    "timeout",
    "TIMED",
    '"database timed"',
    "payment -cache",
    "pay*fail",
    "/time[d ]+ out/",
    "level:error",
  ];
  queries.push(
    "level:>=warning",
    "status:503",
    "duration_ms:>1.5s",
    "http.method:get",
    "service:shop timed status:>=500",
  );
  for (const text of queries) {
    const { matches } = parse(text, { regex: "server" });
    bench(
      text,
      () => {
        records.filter(matches);
      },
      { iterations: 5, warmupIterations: 1, time: 0, warmupTime: 0 },
    );
  }
});
