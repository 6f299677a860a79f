import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["source", "module", "node", "default"] },
  ssr: { resolve: { conditions: ["source", "module", "node", "default"] } },
  test: {
    // Of a busy machine with two cores, in ms; nobody waits longer than it takes.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // By default one core is left idle, of two.
    maxWorkers: "100%",
    projects: [
      { extends: true, test: { name: "client", root: "client", include: ["tests/**/*.test.ts"], environment: "node" } },
      {
        extends: true,
        test: { name: "react", root: "react", include: ["tests/**/*.test.{ts,tsx}"], environment: "node" },
      },
      {
        extends: true,
        oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
        test: {
          name: "viewer",
          root: "viewer",
          include: ["tests/**/*.test.{ts,tsx}"],
          environment: "happy-dom",
          // A page of its own for each file would cost three times as much as all tests together.
          isolate: false,
        },
      },
    ],
  },
});
