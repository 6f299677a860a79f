import { declare } from "../state/actions.ts";
import { open } from "../state/dialog.ts";

declare({
  name: "help",
  label: "Show all keys",
  group: "Page",
  keys: ["?"],
  run: () => open(() => import("./help.tsx")),
});

declare({
  name: "palette",
  label: "Find an action, a service, a stream or a view",
  group: "Page",
  keys: ["Mod+k"],
  run: () => open(() => import("./palette.tsx")),
});

declare({
  name: "hide-field",
  label: "Choose what lines show, hide a field",
  group: "Page",
  keys: ["x"],
  run: () => open(() => import("./hide.tsx")),
});
