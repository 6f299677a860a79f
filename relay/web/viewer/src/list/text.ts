/** A piece of a record's text that looks alike. */
export interface Piece {
  text: string;
  /** Contains what is looked for. */
  hit: boolean;
  /** Where it leads; "" nowhere. */
  href: string;
  colour: Colour | null;
}

/** How a terminal would show a text: names of classes, and colours that have no name as `r g b`. */
export interface Colour {
  classes: string;
  text: string;
  ground: string;
}

/** Reads ANSI sequences one after the other, and says how what follows looks. */
export type Colours = (sequence: string) => Colour | null;

// Pieces of one text: whoever wrote more of them had something else in mind than to be read.
const MOST = 400;

// What selects colours, or erases to the end of the line, as `grep --color` does with each.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are looked for
const SEQUENCES = /\x1b\[[\d;]*[mK]/g;

// An address ends before a blank, before what quotes it or cannot be seen, and before the marks that end a sentence.
const LINKS = /\bhttps?:\/\/[^\s\p{Cc}\p{Cf}"'`<>]*[^\s\p{Cc}\p{Cf}"'`<>.,;:!?)\]}]/giu;

// Control characters, and those that turn the direction of a text or begin a line where there is none.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are looked for
const UNSEEN = /\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

// Whether a text is anything but plain: most are.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are looked for
const SPECIAL = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|:\/\//;

/** Shows what cannot be seen, or would rearrange the text, as a sign of its own: `␛`, `⟨U+202E⟩`. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (character) => {
    const code = character.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? "\u2421" : `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}

/**
 * A text in pieces, all that is invisible shown; colours are taken out, and kept where `colours` can read them.
 *
 * @param hits where it contains what is looked for: start and end, in order and apart.
 */
export function piecesOf(
  text: string,
  hits: readonly [number, number][] = [],
  colours: Colours | null = null,
): Piece[] {
  if (!hits.length && !SPECIAL.test(text)) return text ? [piece(text)] : [];
  const pieces: Piece[] = [];
  const links = [...text.matchAll(LINKS)].slice(0, MOST);
  const found = hits.slice(0, MOST);
  let from = 0;
  let colour: Colour | null = null;
  for (const sequence of text.matchAll(SEQUENCES)) {
    if (pieces.length >= MOST) break;
    addPieces(pieces, text, from, sequence.index, found, links, colour);
    from = sequence.index + sequence[0].length;
    colour = colours && sequence[0].endsWith("m") ? colours(sequence[0]) : colour;
  }
  const whole = pieces.length < MOST;
  addPieces(pieces, text, from, text.length, whole ? found : [], whole ? links : [], whole ? colour : null);
  return pieces;
}

/** Cuts a stretch of one colour where links and hits begin and end. */
function addPieces(
  pieces: Piece[],
  text: string,
  from: number,
  to: number,
  hits: readonly [number, number][],
  links: readonly RegExpExecArray[],
  colour: Colour | null,
): void {
  const ends = links.flatMap((link) => [link.index, link.index + link[0].length]);
  const cuts = [...hits.flat(), ...ends, to].filter((cut) => cut > from && cut <= to).sort((a, b) => a - b);
  for (const cut of cuts) {
    if (cut === from) continue;
    const [start, end] = [from, cut];
    const hit = hits.some(([begin, stop]) => begin <= start && end <= stop);
    const link = links.find(({ index, 0: address }) => index <= start && end <= index + address.length);
    pieces.push({ text: visible(text.slice(start, end).replace(SEQUENCES, "")), hit, href: hrefOf(link?.[0]), colour });
    from = cut;
  }
}

/** A link leads somewhere only when a browser agrees that it is an address of the web. */
function hrefOf(address: string | undefined): string {
  if (!address || !URL.canParse(address)) return "";
  return /^https?:$/.test(new URL(address).protocol) ? address : "";
}

function piece(text: string): Piece {
  return { text, hit: false, href: "", colour: null };
}
