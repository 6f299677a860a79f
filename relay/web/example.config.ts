import { fileURLToPath } from "node:url";
import { mergeConfig } from "vite";
import example from "../../examples/react/vite.config.ts";

const modules = (name: string) => fileURLToPath(new URL(`./node_modules/${name}`, import.meta.url));

// examples/react as it is, with this workspace's packages in place of its own node_modules: for the tests.
export default mergeConfig(example, {
  root: fileURLToPath(new URL("../../examples/react", import.meta.url)),
  resolve: {
    conditions: ["source", "module", "browser", "production"],
    alias: ["@tailrace/client", "@tailrace/react", "react", "react-dom"].map((name) => ({
      find: new RegExp(`^${name}(?=/|$)`),
      replacement: modules(name),
    })),
  },
});
