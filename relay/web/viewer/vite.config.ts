import { defineConfig } from "vite";

// What the page is drawn with and what it asks: almost all later parts need them, too.
const SHARED = /\/(preact|signals(-core)?|engine)\/|\/state\/(address|page|question|session|view)\.ts$/;

// Relative addresses, since a gateway may be mounted under a prefix; no inline scripts or styles, which its
// Content-Security-Policy forbids.
export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  resolve: { conditions: ["source", "module", "browser", "production"] },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  worker: { format: "es" },
  build: {
    outDir: "../../tailrace_relay/static",
    emptyOutDir: true,
    target: "es2022",
    assetsDir: "static",
    assetsInlineLimit: 0,
    // Styles of later parts must be there before these are drawn; scripts are found by those that import them, and their
    // names would be a part of the first load.
    modulePreload: {
      polyfill: false,
      resolveDependencies: (_, files, { hostType }) =>
        hostType === "html" ? files : files.filter((name) => name.endsWith(".css")),
    },
    // In one piece: fewer requests, and fewer bytes once compressed.
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: "page", test: SHARED, minShareCount: 2 }] } },
    },
    sourcemap: false,
  },
});
