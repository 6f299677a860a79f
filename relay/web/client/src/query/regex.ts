import { Backtracking } from "./backtracking.ts";

/** An expression of RE2 as JavaScript has it. */
export interface Expression {
  source: string;
  flags: string;
  /** It takes at most quadratic time, whatever the text is. */
  safe: boolean;
  /** Characters of the longest text in which it is quick, whatever they are. */
  longest: number;
  /** JavaScript has no expression that means the same. */
  strange: boolean;
}

// How often RE2 repeats anything.
const MOST_TIMES = 1000;

// Of classes: what stands between their brackets.
const WORD = "0-9A-Za-z_";
const CLASSES: Record<string, string> = {
  d: "0-9",
  w: WORD,
  s: "\\t\\n\\f\\r ",
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  ascii: "\\0-\\x7f",
  blank: "\\t ",
  cntrl: "\\0-\\x1f\\x7f",
  digit: "0-9",
  graph: "!-~",
  lower: "a-z",
  print: " -~",
  punct: "!-\\/:-@[-`{-~",
  space: "\\t-\\r ",
  upper: "A-Z",
  word: WORD,
  xdigit: "0-9A-Fa-f",
};
const CONTROLS: Record<string, string> = { a: "\x07", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };
const CATEGORY = /^(?:C[cfos]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?|Any)$/;

// The pieces of an expression.
const SET = "\\\\(?:[dwsDWS]|[pP](?:\\{[^}]*\\}?|.?))";
const ESCAPE = "\\\\(?:x(?:[0-9A-Fa-f]{2}|\\{[0-9A-Fa-f]+\\})|0[0-7]{0,2}|[1-7][0-7]{1,2}|.?)";
const NUMBER = "(0|[1-9]\\d{0,8})";
const PIECE = new RegExp(
  [
    `(?<set>${SET})`,
    "\\\\Q(?<quoted>.*?)(?:\\\\E|$)",
    `(?<escaped>${ESCAPE})`,
    `\\[(?<not>\\^?)(?<members>\\]?(?:\\\\.|\\[:.*?:\\]|(?!\\[:.*?:\\])[^\\]\\\\])*)\\]`,
    "(?<group>\\((?:\\?P?<[\\p{L}\\p{M}\\p{N}\\p{Pc}]+>|\\?(?<on>[imsU]*)(?<off>-[imsU]+)?(?<colon>[:)])|(?!\\?)))",
    `(?<repetition>[*+?]|\\{${NUMBER}(,${NUMBER}?)?\\})\\??`,
    ".",
  ].join("|"),
  "suy",
);
const MEMBER = new RegExp(`\\[:(\\^?)(.*?):\\]|(${SET})|(${ESCAPE}|.)(?:-(${ESCAPE}|.))?`, "suy");

/**
 * What RE2 means by an expression, in JavaScript's syntax.
 *
 * @throws {SyntaxError} for what RE2 refuses.
 */
export function translate(expression: string, ignoreCase: boolean): Expression {
  const translator = new Translator(ignoreCase ? "i" : "");
  PIECE.lastIndex = 0;
  while (PIECE.lastIndex < expression.length) {
    const found = PIECE.exec(expression);
    if (!found?.groups) break;
    translator.piece(found[0], found.groups, expression.slice(PIECE.lastIndex));
  }
  return translator.end();
}

class Translator {
  #source = "";
  /** Those that hold here, and those of the groups around. */
  #flags: string;
  readonly #outer: string[] = [];
  /** Whether case counts for nothing in all of it, as for its first letter; where it differs, that is said. */
  #ignoreCase: boolean | undefined;
  #strange = false;
  /** Flags stand just before, for themselves. */
  #flagged = false;
  readonly #cost = new Backtracking();

  constructor(flags: string) {
    this.#flags = flags;
  }

  piece(written: string, found: Record<string, string | undefined>, rest: string): void {
    const { set, quoted, escaped, members, not, group, colon, repetition } = found;
    if (set) this.#character(setOf(set), "", /[wp]/i.test(set));
    else if (quoted !== undefined) for (const character of quoted) this.#literal(character, "");
    else if (escaped) this.#escape(escaped, rest);
    else if (members) this.#character(classOf(members, not === "^"), "", /\p{L}/u.test(members));
    else if (group) this.#group(found);
    else if (repetition) this.#repeat(written, repetition);
    else this.#other(written, rest);
    this.#flagged = colon === ")";
  }

  end(): Expression {
    const flags = this.#ignoreCase ? "iu" : "u";
    new RegExp(this.#source, flags); // refuses what JavaScript refuses, too: parentheses without partners, `**`
    const { isSafe: safe, longest } = this.#cost;
    return { source: this.#source, flags, safe, longest, strange: this.#strange };
  }

  /** Any one of some. Where case counts otherwise than before, that is said. */
  #character(source: string, literal: string, isCased: boolean): void {
    let said = source;
    if (isCased) {
      const ignoreCase = this.#flags.includes("i");
      this.#ignoreCase ??= ignoreCase;
      if (ignoreCase !== this.#ignoreCase && HAS_MODIFIERS) said = `(?${ignoreCase ? "" : "-"}i:${source})`;
      else this.#strange ||= ignoreCase !== this.#ignoreCase;
    }
    this.#cost.piece(said, literal);
    this.#source += said;
  }

  #literal(character: string, rest: string): void {
    // What may be absent does not end a repetition before it.
    const literal = /^[*?{]/.test(rest) ? "" : character;
    this.#character(escaped(character), literal, character.toLowerCase() !== character.toUpperCase());
  }

  #anchor(source: string): void {
    this.#cost.piece();
    this.#source += `(?:${source})`;
  }

  #escape(written: string, rest: string): void {
    const letter = written.slice(1);
    if (/^[bBAz]$/.test(letter)) this.#anchor({ A: "^", z: "$" }[letter] ?? written);
    else if (letter === "C") {
      this.#strange = true; // one byte of what may be several
      this.#character("[^]", "", false);
    } else this.#literal(escapedCharacter(written), rest);
  }

  #group({ on = "", off = "", colon }: Record<string, string | undefined>): void {
    const flags = [...this.#flags, ...on].filter((flag) => !off.includes(flag)).join("");
    if (colon !== ")") {
      this.#outer.push(this.#flags);
      this.#cost.begin();
      this.#source += "(?:";
    }
    this.#flags = flags;
  }

  #repeat(written: string, repetition: string): void {
    const [, low, endless, high] = /(\d+)(,(?=\D))?,?(\d*)/.exec(repetition) ?? [];
    const least = Number(low ?? (repetition === "+" ? 1 : 0));
    const most = endless || (!low && repetition !== "?") ? Number.POSITIVE_INFINITY : Number(high || (low ?? 1));
    if (least > MOST_TIMES || (high && most > MOST_TIMES)) throw new SyntaxError(`invalid repetition size: ${written}`);
    // `a+(?i)*` repeats what is repeated already, which JavaScript cannot do without a group, and nobody writes.
    if (this.#flagged && /[^:|]$/.test(this.#source)) {
      this.#strange = true;
      this.#source += "(?:)";
    }
    this.#cost.repeat(least, most);
    this.#source += written;
  }

  #other(character: string, rest: string): void {
    const isMultiline = this.#flags.includes("m");
    if (character === ".") this.#character(this.#flags.includes("s") ? "[^]" : "[^\\n]", "", false);
    else if (character === "^") this.#anchor(isMultiline ? "(?<![^\\n])" : "^");
    else if (character === "$") this.#anchor(isMultiline ? "(?![^\\n])" : "$");
    else if (character === "[") throw new SyntaxError(`missing ]: [${rest}`);
    else if (character === "(") throw new SyntaxError(`invalid perl operator: (${rest.slice(0, 3)}`);
    else if (character === "|") {
      this.#cost.alternative();
      this.#source += "|";
    } else if (character === ")") {
      this.#cost.end();
      this.#flags = this.#outer.pop() ?? "";
      this.#source += ")";
    } else this.#literal(character, rest);
  }
}

/** What stands for one of the classes of Perl or Unicode, written behind a backslash. */
function setOf(written: string): string {
  const [, letter = "", not, name = ""] = /^\\(.)\{?(\^?)([^}]*)/su.exec(written) ?? [];
  const lower = letter.toLowerCase();
  const inside = lower === "p" ? unicodeClass(name, written) : CLASSES[lower];
  return `[${(letter === lower) === !not ? "" : "^"}${inside}]`;
}

function unicodeClass(name: string, written: string): string {
  const inside = CATEGORY.test(name) ? `\\p{${name}}` : `\\p{Script=${name}}`;
  if (!isExpression(inside)) throw new SyntaxError(`invalid character class range: ${written}`);
  return inside;
}

/** A class. Those in it that are negated stand beside the rest, where case may count for nothing in them, too. */
function classOf(members: string, isNegated: boolean): string {
  let inside = "";
  let beside = "";
  MEMBER.lastIndex = 0;
  while (MEMBER.lastIndex < members.length) {
    const [written = "", not, posix, set, low = "", high] = MEMBER.exec(members) ?? [];
    const found = posix === undefined ? set && setOf(set) : `[${not}${posixClass(posix, written)}]`;
    if (found?.startsWith("[^")) beside += `|${found}`;
    else if (found) inside += found.slice(1, -1);
    else inside += [low, high].flatMap((limit) => (limit ? escaped(escapedCharacter(limit)) : [])).join("-");
  }
  if (!beside) return `[${isNegated ? "^" : ""}${inside}]`;
  return isNegated ? `(?:(?![${inside}]${beside})[^])` : `(?:[${inside}]${beside})`;
}

function posixClass(name: string, written: string): string {
  const inside = name.length > 1 && Object.hasOwn(CLASSES, name) && CLASSES[name];
  if (!inside) throw new SyntaxError(`invalid character class range: ${written}`);
  return inside;
}

/** The character that an escape stands for, or any other character for itself. */
function escapedCharacter(written: string): string {
  if (written[0] !== "\\") return written;
  const [, octal, hex] = /^\\(?:([0-7]+)|x\{?([0-9A-Fa-f]+))/.exec(written) ?? [];
  const code = octal ? Number.parseInt(octal, 8) : Number.parseInt(hex ?? "", 16);
  if (code <= 0x10ffff && !/^\\[1-7]$/.test(written)) return String.fromCodePoint(code);
  const letter = written.slice(1);
  const control = CONTROLS[letter];
  if (!letter) throw new SyntaxError("trailing \\");
  if (!control && (letter > "\x7f" || /[A-Za-z0-9]/.test(letter)))
    throw new SyntaxError(`invalid escape sequence: ${written}`);
  return control ?? letter;
}

/** A character as it stands in an expression, in a class or outside. */
export function escaped(character: string): string {
  if (/\w/.test(character) || character > "\x7f") return character;
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}

// Node has them from 23 on.
const HAS_MODIFIERS = isExpression("(?i:a)");

function isExpression(source: string): boolean {
  try {
    return Boolean(new RegExp(source, "u"));
  } catch {
    return false; // it is no expression: that is the answer
  }
}
