/** Whether a stream is among names and globs (`*`, `?`). */
export function isAmong(stream: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => matches(pattern, stream));
}

/** Going back to the last `*` alone is enough, and takes no longer than name times pattern, whatever they are. */
function matches(glob: string, name: string): boolean {
  let [at, place, star, after] = [0, 0, -1, 0];
  while (at < name.length) {
    if (glob[place] === "*") {
      star = place;
      place += 1;
      after = at;
    } else if (place < glob.length && (glob[place] === "?" || glob[place] === name[at])) {
      at += 1;
      place += 1;
    } else if (star >= 0) {
      place = star + 1;
      after += 1;
      at = after;
    } else return false;
  }
  return /^\**$/.test(glob.slice(place));
}
