import Anser from "anser";
import "./ansi.css";
import type { Colour, Colours } from "./text.ts";

// Decorations that a page shows; blinking and hiding text is nothing that a log shall do.
const SHOWN = new Set(["bold", "dim", "italic", "underline", "strikethrough"]);

// Sequences of one text that are read: the reader keeps all that was ever switched on.
const MOST = 2_000;

/** Reads the ANSI sequences of one text. */
export function readColours(): Colours {
  const anser = new Anser();
  let read = 0;
  return (sequence) => {
    read += 1;
    if (read > MOST) return null;
    // The reader says how a text looks behind the sequence: any text does.
    const [, behind] = anser.ansiToJson(`${sequence}x`, { json: true, use_classes: true });
    return behind ? colourOf(behind) : null;
  };
}

function colourOf(entry: Anser.AnserJsonEntry): Colour | null {
  const text = toneOf(entry.fg, entry.fg_truecolor, "fg");
  const ground = toneOf(entry.bg, entry.bg_truecolor, "bg");
  const decorations = [...new Set<string>(entry.decorations)].filter((name) => SHOWN.has(name));
  const classes = [text.name, ground.name, ...decorations.map((name) => `ansi-${name}`)].filter(Boolean).join(" ");
  return classes ? { classes, text: text.rgb, ground: ground.rgb } : null;
}

interface Tone {
  name: string;
  rgb: string;
}

/** One of the sixteen colours of terminals by name, so that it suits the theme; any other by its numbers. */
function toneOf(name: string | null, truecolor: string | null, which: "fg" | "bg"): Tone {
  if (!name) return { name: "", rgb: "" };
  if (name === "ansi-truecolor") return { name: `ansi-${which}-any`, rgb: (truecolor ?? "").replaceAll(",", "") };
  const index = /^ansi-palette-(\d+)$/.exec(name)?.[1];
  if (index !== undefined) return { name: `ansi-${which}-any`, rgb: rgbOf(Number(index)) };
  return { name: name.replace("ansi-", `ansi-${which}-`), rgb: "" };
}

/** Of the 256 colours: a cube of 6 × 6 × 6, and 24 greys. */
function rgbOf(index: number): string {
  if (index >= 232)
    return Array(3)
      .fill(8 + (index - 232) * 10)
      .join(" ");
  const cube = index - 16;
  return [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6]
    .map((part) => (part ? 55 + part * 40 : 0))
    .join(" ");
}
