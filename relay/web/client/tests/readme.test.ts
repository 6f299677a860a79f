import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { missing } from "./gateway.ts";
import { Landscape } from "./landscape.ts";

const README = readFileSync(new URL("../README.md", import.meta.url), "utf-8");
const BLOCKS = [...README.matchAll(/^## (.*)$|^```js\n([\s\S]*?)^```/gm)].reduce<{ under: string; code: string }[]>(
  (found, [, title, code]) => {
    if (title) found.push({ under: title, code: "" });
    else if (found.at(-1)?.code) found.push({ under: `${found.at(-1)?.under}, on`, code: code ?? "" });
    else Object.assign(found.at(-1) ?? {}, { code: code ?? "" });
    return found;
  },
  [],
);

describe.skipIf(missing)("what the README shows", () => {
  const land = new Landscape(1);
  // Below this package, where the names of its own and its dependencies lead somewhere.
  const directory = mkdtempSync(join(import.meta.dirname, ".readme-"));
  afterAll(() => rmSync(directory, { recursive: true }));
  afterEach(() => void vi.restoreAllMocks());

  test.each(BLOCKS.filter(({ code }) => code).map((block, index) => ({ ...block, index })))(
    "runs: $under",
    async ({ code, index }) => {
      await land.gateway.write("shop", [{ message: "sold out", level: "ERROR" }, "sold"]);
      const said: string[] = [];
      for (const way of ["log", "warn"] as const)
        vi.spyOn(console, way).mockImplementation((...words) => said.push(words.join(" ")));
      const failed = vi.spyOn(console, "assert");
      const file = join(directory, `block${index}.js`);
      writeFileSync(file, code.replaceAll("http://127.0.0.1:8000", land.gateway.url));
      await import(/* @vite-ignore */ file);
      expect(failed.mock.calls.filter(([holds]) => !holds)).toEqual([]);
      const comment = /console\.log\(.*\/\/ (bad_request .*)/.exec(code)?.[1];
      if (comment) expect(said).toContain(comment);
    },
  );
});
