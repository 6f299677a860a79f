import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { bring } from "../time/later.ts";
import { type Colours, type Piece, piecesOf } from "./text.ts";

/** Reads colours, once the first text that has any has it loaded. */
const reader = signal<(() => Colours) | null>(null);
let asked = false;

/** What reads the colours of one text; null where there are none, and until that was loaded. */
export function coloursFor(text: string): Colours | null {
  if (!text.includes("\x1b[")) return null;
  if (!asked) {
    asked = true;
    bring(
      () => import("./ansi.ts"),
      ({ readColours }) => {
        reader.value = readColours;
      },
    );
  }
  return reader.value?.() ?? null;
}

interface TextProps {
  text: string;
  hits?: readonly [number, number][];
  /** Whether colours are shown; they are taken out otherwise. */
  ansi: boolean;
  /** Whether the tab key comes by links: not in lines, of which there are too many. */
  tabbed?: boolean;
}

/** A text of a record: hits, links and colours marked, all else as it is. */
export function Text({ text, hits, ansi, tabbed = false }: TextProps): JSX.Element {
  return <>{piecesOf(text, hits, ansi ? coloursFor(text) : null).map((piece, index) => shown(piece, index, tabbed))}</>;
}

function shown(piece: Piece, index: number, tabbed: boolean): JSX.Element | string {
  const { text, hit, href, colour } = piece;
  if (!hit && !href && !colour) return text;
  const content = href ? (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow" tabIndex={tabbed ? 0 : -1}>
      {text}
    </a>
  ) : (
    text
  );
  const marked = hit ? <mark>{content}</mark> : content;
  if (!colour) return <span key={index}>{marked}</span>;
  const own = {
    ...(colour.text && { "--ansi-text": `rgb(${colour.text})` }),
    ...(colour.ground && { "--ansi-ground": `rgb(${colour.ground})` }),
  };
  return (
    <span key={index} class={colour.classes} style={own}>
      {marked}
    </span>
  );
}
