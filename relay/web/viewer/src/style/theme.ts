import { effect } from "@preact/signals";
import { theme } from "../state/preferences.ts";

effect(() => {
  const root = document.documentElement;
  if (theme.value === "auto") root.removeAttribute("data-theme");
  else root.setAttribute("data-theme", theme.value);
});
