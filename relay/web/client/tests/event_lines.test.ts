import { expect, test } from "vitest";
import { EventLines } from "../src/event_lines.ts";

const STREAM = 'id: 0-0\nevent: hello\ndata: {"a":1}\n\n: ping\n\ndata:{"b":2}\n\nretry: 5\n\ndata\n\ndata: {"c"';
const MESSAGES = [' {"a":1}', '{"b":2}'];

test("a line of data is a message, and what has no end yet is none", () => {
  expect(new EventLines().feed(STREAM)).toEqual(MESSAGES);
});

test("it does not matter how an event stream is cut, nor which of both ends its lines", () => {
  for (const text of [STREAM, STREAM.replaceAll("\n", "\r\n")]) {
    for (let size = 1; size < 8; size += 1) {
      const lines = new EventLines();
      const found: string[] = [];
      for (let at = 0; at < text.length; at += size) found.push(...lines.feed(text.slice(at, at + size)));
      expect(found).toEqual(MESSAGES);
    }
  }
});

test("a line of many pieces is whole", () => {
  const lines = new EventLines();
  const piece = "x".repeat(1 << 16);
  expect(lines.feed("data:")).toEqual([]);
  for (let count = 0; count < 300; count += 1) expect(lines.feed(piece)).toEqual([]);
  expect(lines.feed("\n\n")[0]).toHaveLength(300 << 16);
});
