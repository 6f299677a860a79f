import { isMac, MODIFIER } from "./press.ts";

/** As help and palette write it: `Ctrl` `K`, on a Mac `⌘` `K`. */
export function legend(name: string, mac = isMac): string[] {
  const keys: string[] = [];
  let rest = name;
  for (let found = MODIFIER.exec(rest); found; found = MODIFIER.exec(rest)) {
    keys.push(MODIFIERS[mac ? "mac" : "other"][found[1] as Modifier]);
    rest = rest.slice(found[0].length);
  }
  return [...keys, NAMED[rest] ?? (keys.length && rest.length === 1 ? rest.toUpperCase() : rest)];
}

type Modifier = "Mod" | "Ctrl" | "Alt" | "Shift" | "Meta";

const MODIFIERS: Record<"mac" | "other", Record<Modifier, string>> = {
  mac: { Mod: "⌘", Ctrl: "⌃", Alt: "⌥", Shift: "⇧", Meta: "⌘" },
  other: { Mod: "Ctrl", Ctrl: "Ctrl", Alt: "Alt", Shift: "Shift", Meta: "Meta" },
};

const NAMED: Record<string, string> = {
  " ": "Space",
  Escape: "Esc",
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  PageUp: "Page ↑",
  PageDown: "Page ↓",
  Delete: "Del",
};
