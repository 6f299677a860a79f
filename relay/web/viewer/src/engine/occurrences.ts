// What is marked of one text; nobody counts further.
const MARKED = 100;

/** Where a text contains another one, which is in lower case, in any case: start and end, in order and apart. */
export function occurrences(text: string, wanted: string): [number, number][] {
  const lower = text.toLowerCase();
  // Some letters are longer in lower case: then places in it are none in the text.
  if (!wanted || lower.length !== text.length) return [];
  const found: [number, number][] = [];
  for (let at = lower.indexOf(wanted); at >= 0 && found.length < MARKED; at = lower.indexOf(wanted, at + wanted.length))
    found.push([at, at + wanted.length]);
  return found;
}
