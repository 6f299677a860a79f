/** What of a `KeyboardEvent` says which keys were pressed. */
export type Press = Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "altKey" | "shiftKey" | "metaKey"> & {
  getModifierState?(key: string): boolean;
};

interface Chord {
  key: string;
  ctrl: boolean;
  alt: boolean;
  shift: boolean;
  meta: boolean;
}

/** A modifier at the beginning of a key's name. */
export const MODIFIER = /^(Mod|Ctrl|Alt|Shift|Meta)\+(?=.)/;

/** Where Cmd is what Ctrl is elsewhere. */
export const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

/** Whether these keys are the ones of an action, which names them as `KeyboardEvent.key` does: `Mod+k`, `G`, `Shift+Enter`. */
export function matches(name: string, press: Press, mac = isMac): boolean {
  const wanted = chordOf(name, mac);
  const { ctrl, alt } = modifiersOf(press);
  if (wanted.ctrl !== ctrl || wanted.alt !== alt || wanted.meta !== press.metaKey) return false;
  const key = keyOf(press);
  // A sign that needs Shift on one keyboard stands alone on another: it counts as what it is, a letter by its case.
  if (wanted.key.length === 1 && !ctrl && !alt && !press.metaKey) return key === wanted.key;
  return wanted.shift === press.shiftKey && key.toLowerCase() === wanted.key.toLowerCase();
}

/** Whether it does something beside one single key, so that no text comes of it. */
export function hasModifier(press: Press): boolean {
  const { ctrl, alt } = modifiersOf(press);
  return ctrl || alt || press.metaKey;
}

function chordOf(name: string, mac: boolean): Chord {
  const chord: Chord = { key: name, ctrl: false, alt: false, shift: false, meta: false };
  for (let found = MODIFIER.exec(chord.key); found; found = MODIFIER.exec(chord.key)) {
    chord.key = chord.key.slice(found[0].length);
    const modifier = found[1] === "Mod" ? (mac ? "Meta" : "Ctrl") : found[1];
    chord[(modifier ?? "").toLowerCase() as "ctrl" | "alt" | "shift" | "meta"] = true;
  }
  return chord;
}

/** On some keyboards `[` and others need AltGr, which looks like Ctrl and Alt. */
function modifiersOf(press: Press): { ctrl: boolean; alt: boolean } {
  if (press.getModifierState?.("AltGraph")) return { ctrl: false, alt: false };
  return { ctrl: press.ctrlKey, alt: press.altKey };
}

/** The key whatever Caps Lock says; of a keyboard without Latin letters, the letter that has the place of the key. */
function keyOf({ key, code, shiftKey }: Press): string {
  const place = /^Key([A-Z])$/.exec(code)?.[1];
  const letter = /^[a-z]$/i.test(key) ? key : place && key.length === 1 && key > "\u007f" ? place : null;
  if (letter === null) return key;
  return shiftKey ? letter.toUpperCase() : letter.toLowerCase();
}
