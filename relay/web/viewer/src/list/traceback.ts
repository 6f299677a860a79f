/** A stretch of a traceback: text as it is, or frames of which all are a program's own, or all a library's. */
export interface Stretch {
  kind: "text" | "own" | "library";
  text: string;
  frames: number;
}

// Where a frame begins: of Python, perhaps within a group of exceptions; of JavaScript; of Java.
const PYTHON = /^[\s|+-]*File "([^"]*)", line \d+/;
const JAVASCRIPT = /^\s+at (?:async )?(?:.*\()?(\S+?):\d+(?::\d+)?\)?$/;
const JAVA = /^\s+at [\w.$/<>]+\([^)]*\)$/;

// Code that a program did not bring itself.
const LIBRARY =
  /(?:^|[/\\])(?:site-packages|dist-packages|node_modules|lib[/\\]python3(?:\.\d+)?)(?:[/\\]|$)|^<frozen |^node:|^internal\//;

// Lines that are looked at, one by one; whoever has more of them reads a text.
const MOST = 20_000;
// Characters of a line that may be a frame.
const LONGEST = 500;

/** A traceback in stretches, so that frames of libraries can be folded. */
export function stretchesOf(traceback: string): Stretch[] {
  const lines = traceback.replace(/\n$/, "").split("\n", MOST + 1);
  if (lines.length > MOST) return [{ kind: "text", text: traceback, frames: 0 }];
  const stretches: Stretch[] = [];
  let indent: number | null = null;
  for (const line of lines) {
    const file = fileOf(line);
    if (file !== null) {
      add(stretches, LIBRARY.test(file) ? "library" : "own", line, 1);
      indent = depthOf(line);
    } else if (indent !== null && depthOf(line) > indent) {
      add(stretches, stretches.at(-1)?.kind ?? "text", line, 0);
    } else {
      const repeats = /^\s*\[Previous line repeated/.test(line);
      add(stretches, repeats ? (stretches.at(-1)?.kind ?? "text") : "text", line, 0);
      if (!repeats) indent = null;
    }
  }
  return stretches;
}

function add(stretches: Stretch[], kind: Stretch["kind"], line: string, frames: number): void {
  const last = stretches.at(-1);
  if (last?.kind !== kind) {
    stretches.push({ kind, text: line, frames });
    return;
  }
  last.text += `\n${line}`;
  last.frames += frames;
}

function fileOf(line: string): string | null {
  if (line.length > LONGEST) return null;
  const found = PYTHON.exec(line) ?? JAVASCRIPT.exec(line);
  if (found) return found[1] ?? "";
  return JAVA.test(line) ? "" : null;
}

/** How far a line is moved in, the frame of a group of exceptions not counted. */
function depthOf(line: string): number {
  return /^[\s|]*/.exec(line)?.[0].length ?? 0;
}
