/** What a person can do by a key or out of the palette. Each part of the page declares its own. */
export interface Action {
  /** Its name, once for all: `pause`. */
  name: string;
  /** As help and palette say it: "Pause or follow". */
  label: string;
  /** The heading that it stands under in help. */
  group: "Reading" | "Moving" | "Choosing" | "Time" | "Keeping" | "Page";
  /** As `KeyboardEvent.key` has them, perhaps with `Ctrl+`, `Alt+` or `Shift+` before; `Mod+` is Ctrl, or Cmd on a Mac. */
  keys: readonly string[];
  run: () => void;
  /** Whether it can be done now; always, without. */
  when?: () => boolean;
}

const actions = new Map<string, Action>();

/** Declares an action; one of the same name is replaced. */
export function declare(action: Action): void {
  actions.set(action.name, action);
}

/** All actions, in the order in which they were declared. */
export function allActions(): Action[] {
  return [...actions.values()];
}

export function run(name: string): void {
  const action = actions.get(name);
  if (action && (action.when?.() ?? true)) action.run();
}
