// Characters that are laid out at once: a screenful and more, and little enough not to be felt.
export const CHUNK = 16_384;

/** A text in pieces of at most `CHUNK` characters, which end at the end of a line where there is one near; none within a character. */
export function* chunksOf(text: string, start = 0): Generator<string> {
  for (let from = start; from < text.length; ) {
    const to = endOf(text, from);
    yield text.slice(from, to);
    from = to;
  }
}

function endOf(text: string, from: number): number {
  const most = from + CHUNK;
  if (most >= text.length) return text.length;
  const line = text.lastIndexOf("\n", most - 1);
  if (line >= from + CHUNK / 2) return line + 1;
  const isPair = (text.charCodeAt(most - 1) & 0xfc00) === 0xd800;
  return isPair ? most - 1 : most;
}
