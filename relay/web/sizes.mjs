// What a front end pays for each package, and a browser for the viewer's first load: gzipped, beside the budgets.
import { gzipSync } from "node:zlib";
import { build } from "vite";

const KB = 1000;

// The hook's own bytes: whoever uses it has React, and counts the client by itself.
const NOT_OURS = [/^react(-dom)?(\/|$)/, /^@tailrace\/client$/];

const ENTRIES = [
  { name: "@tailrace/client", file: "client/src/index.ts", budget: 8 * KB },
  { name: "@tailrace/client/query", file: "client/src/query/index.ts", budget: 10.5 * KB },
  { name: "@tailrace/client/frame", file: "client/src/frame/index.ts", budget: 4.5 * KB },
  { name: "@tailrace/react", file: "react/src/index.ts", budget: 2 * KB, external: NOT_OURS },
];
const VIEWER = [
  // Without which no record can be seen.
  { name: "viewer, first load", budget: 45 * KB, parts: [] },
  // With all that every page loads by itself while the first records are on their way; the rest waits for somebody to want it.
  {
    name: "viewer, what follows too",
    budget: 80 * KB,
    parts: ["furnishing.tsx", "time/chart.tsx", "engine/answers.ts"],
  },
];

const gzipped = (content) => gzipSync(content, { level: 9 }).length;

const weight = (files) => files.reduce((sum, file) => sum + gzipped(file.code ?? file.source), 0);

/** Everything of an entry, what it loads later included. */
async function sizeOfEntry({ file, external = [] }) {
  const { output } = await build({
    root: import.meta.dirname,
    configFile: false,
    logLevel: "warn",
    resolve: { conditions: ["source", "module", "browser", "production"] },
    build: {
      write: false,
      target: "es2022",
      modulePreload: false,
      rolldownOptions: { input: file, external, preserveEntrySignatures: "strict" },
    },
  });
  return weight(output);
}

async function builtViewer() {
  const root = `${import.meta.dirname}/viewer`;
  const { output } = await build({
    root,
    configFile: `${root}/vite.config.ts`,
    logLevel: "warn",
    build: { write: false },
  });
  return output;
}

/** index.html, the worker, the page's script and those of `parts`, each with what it imports: scripts and styles; not what waits for an `import()`. */
function sizeOfViewer(output, parts) {
  const chunks = new Map(output.filter((file) => file.type === "chunk").map((chunk) => [chunk.fileName, chunk]));
  const loaded = new Set();
  const add = (chunk) => {
    if (chunk === undefined || loaded.has(chunk.fileName)) return;
    loaded.add(chunk.fileName);
    for (const style of chunk.viteMetadata?.importedCss ?? []) loaded.add(style);
    for (const name of chunk.imports) add(chunks.get(name));
  };
  for (const chunk of chunks.values()) if (chunk.isEntry) add(chunk);
  const ofWorker = ["worker"];
  for (const part of parts) {
    const chunk = [...chunks.values()].find(({ facadeModuleId }) => facadeModuleId?.endsWith(`/src/${part}`));
    if (chunk) add(chunk);
    else ofWorker.push(part.replace(/^.*\/|\.tsx?$/g, ""));
  }
  for (const name of ofWorker) loaded.add(fileOfWorker(output, name));
  return weight(output.filter(({ fileName }) => loaded.has(fileName) || fileName.endsWith(".html")));
}

function fileOfWorker(output, name) {
  const file = output.find(
    ({ type, fileName }) => type === "asset" && new RegExp(`/${name}-[^/]*\\.js$`).test(fileName),
  );
  if (!file) throw new Error(`${name} is not among what was built`);
  return file.fileName;
}

const sizes = [];
for (const entry of ENTRIES) sizes.push({ ...entry, size: await sizeOfEntry(entry) });
const viewer = await builtViewer();
for (const each of VIEWER) sizes.push({ ...each, size: sizeOfViewer(viewer, each.parts) });

for (const { name, size, budget } of sizes) {
  const said = `${name.padEnd(24)} ${(size / KB).toFixed(2).padStart(6)} KB of ${budget / KB} KB gzipped`;
  console.log(size > budget ? `${said}: too much` : said);
}
if (sizes.some(({ size, budget }) => size > budget)) process.exitCode = 1;
