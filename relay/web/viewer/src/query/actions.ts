import { attempt } from "../export/notice.ts";
import { declare } from "../state/actions.ts";
import { open } from "../state/dialog.ts";
import { openFind } from "./finding.ts";

declare({
  name: "query",
  label: "Type a query",
  group: "Choosing",
  keys: ["/"],
  run: () => {
    const box = document.getElementById("query");
    if (!(box instanceof HTMLInputElement)) return;
    box.focus();
    box.select();
  },
});

declare({
  name: "find",
  label: "Find in the records shown; once more: the browser's find",
  group: "Choosing",
  keys: ["Mod+f"],
  run: openFind,
  when: () => document.activeElement?.id !== "find",
});

declare({
  name: "views",
  label: "Saved views",
  group: "Keeping",
  keys: ["v"],
  run: () => open(() => import("./views.tsx")),
});

declare({
  name: "copy-view",
  label: "Copy a link to all of this view",
  group: "Keeping",
  keys: ["l"],
  run: () => attempt(import("./link.ts").then(({ copyViewLink }) => copyViewLink())),
});
