import { describe, expect, it } from "vitest";
import { stretchesOf } from "../../src/list/traceback.ts";

/** Each stretch as its kind, its frames and its first line. */
function outline(traceback: string): string[] {
  return stretchesOf(traceback).map(({ kind, frames, text }) => `${kind} ${frames}: ${text.split("\n")[0]?.trim()}`);
}

const PYTHON = `Traceback (most recent call last):
  File "/srv/shop/cart.py", line 7, in pay
    client.post(cart)
    ^^^^^^^^^^^^^^^^^
  File "/usr/lib/python3.11/site-packages/http/client.py", line 80, in post
    return self.send()
  File "/usr/lib/python3.11/socket.py", line 99, in send
    raise TimeoutError
  [Previous line repeated 3 more times]
  File "/srv/shop/retry.py", line 3, in call
    return function()
TimeoutError: no answer in 3 s

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "<frozen importlib._bootstrap>", line 1, in _run
ValueError: x`;

describe("a traceback", () => {
  it("of Python has a program's own frames, and those of libraries together", () => {
    expect(outline(PYTHON)).toEqual([
      "text 0: Traceback (most recent call last):",
      'own 1: File "/srv/shop/cart.py", line 7, in pay',
      'library 2: File "/usr/lib/python3.11/site-packages/http/client.py", line 80, in post',
      'own 1: File "/srv/shop/retry.py", line 3, in call',
      "text 0: TimeoutError: no answer in 3 s",
      'library 1: File "<frozen importlib._bootstrap>", line 1, in _run',
      "text 0: ValueError: x",
    ]);
  });

  it("loses no line", () => {
    expect(
      stretchesOf(PYTHON)
        .map(({ text }) => text)
        .join("\n"),
    ).toBe(PYTHON);
  });

  it("of a group of exceptions is read within its frame of lines", () => {
    const group = `  + Exception Group Traceback (most recent call last):
  |   File "/srv/shop/cart.py", line 7, in pay
  |     go()
  |   File "/venv/lib/python3.12/dist-packages/anyio/x.py", line 7, in go
  |     raise
  | ExceptionGroup: two (2 sub-exceptions)`;
    expect(outline(group)).toEqual([
      "text 0: + Exception Group Traceback (most recent call last):",
      'own 1: |   File "/srv/shop/cart.py", line 7, in pay',
      'library 1: |   File "/venv/lib/python3.12/dist-packages/anyio/x.py", line 7, in go',
      "text 0: | ExceptionGroup: two (2 sub-exceptions)",
    ]);
  });

  it("of JavaScript and Java has frames, too", () => {
    const javascript = `Error: no
    at pay (/srv/shop/cart.js:7:3)
    at send (/srv/shop/node_modules/http/index.js:80:1)
    at async node:internal/process/task_queues:95:5`;
    expect(outline(javascript)).toEqual([
      "text 0: Error: no",
      "own 1: at pay (/srv/shop/cart.js:7:3)",
      "library 2: at send (/srv/shop/node_modules/http/index.js:80:1)",
    ]);
    expect(outline("java.lang.Error: no\n\tat shop.Cart.pay(Cart.java:7)")).toEqual([
      "text 0: java.lang.Error: no",
      "own 1: at shop.Cart.pay(Cart.java:7)",
    ]);
  });

  it("that is none is a text", () => {
    expect(outline("just words\nand more")).toEqual(["text 0: just words"]);
    expect(stretchesOf("x\n".repeat(30_000))).toHaveLength(1);
  });
});
