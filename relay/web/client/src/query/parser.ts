import { characters, QueryError } from "./errors.ts";
import { translate } from "./regex.ts";
import { type Piece, Scanner } from "./scanner.ts";
import { isAnything, type Node } from "./syntax.ts";
import { comparisonTest, valueTest } from "./value.ts";

// Characters of one query.
const MAX_QUERY = 4096;

// Parentheses and signs within each other.
const MAX_DEPTH = 32;

// Words, phrases, expressions and pairs of key and value; each is tried on each record. Expressions and globs among them.
const MAX_TERMS = 64;
const MAX_EXPRESSIONS = 16;

const OPERATORS = [">=", "<=", ">", "<"];

/** One of the parts that all must match, with its sign, from one index of JavaScript to another. */
export interface TopPart {
  node: Node;
  start: number;
  end: number;
  /** It is the whole query, since there is an OR outside of parentheses. */
  alternatives?: boolean;
}

/**
 * The tree of a query, and the parts of which it consists.
 *
 * @throws {QueryError} what is wrong, where, and what would be right.
 */
export function parseTree(text: string): { tree: Node; parts: TopPart[] } {
  const parser = new Parser(text);
  return { tree: parser.whole(), parts: parser.parts };
}

class Parser {
  readonly parts: TopPart[] = [];
  readonly #scanner: Scanner;
  #depth = 0;
  #terms = 0;
  #expressions = 0;

  constructor(text: string) {
    this.#scanner = new Scanner(text);
  }

  whole(): Node {
    const scanner = this.#scanner;
    const length = characters(scanner.text);
    if (length > MAX_QUERY) throw new QueryError(`${length} characters; ${MAX_QUERY} is the limit`, MAX_QUERY);
    const half = scanner.text.search(/\p{Surrogate}/u);
    if (half >= 0) scanner.fail("half of a surrogate pair is no character", half, half + 1);
    scanner.skipBlanks();
    if (!scanner.next) return { type: "all" };
    const tree = this.#anyOf(() => this.#term());
    if (scanner.next === ")") scanner.fail("this parenthesis closes none", scanner.place, scanner.place + 1);
    const [first, last] = [this.parts.at(0), this.parts.at(-1)];
    if (tree.type === "or" && first && last && first !== last) {
      this.parts.splice(0, MAX_TERMS, { node: tree, start: first.start, end: last.end, alternatives: true });
    }
    return tree;
  }

  /** Parts with OR between them. */
  #anyOf(term: () => Node): Node {
    const parts = [this.#allOf(term)];
    while (this.#keyword("OR")) parts.push(this.#allOf(term));
    return joined("or", parts);
  }

  #allOf(term: () => Node): Node {
    const scanner = this.#scanner;
    const parts = [this.#part(term)];
    for (;;) {
      const and = this.#keyword("AND");
      scanner.skipBlanks();
      if (!and && (!scanner.next || scanner.next === ")" || scanner.isAt("OR"))) return joined("and", parts);
      if (and && !scanner.next) scanner.fail("nothing follows AND", scanner.place);
      parts.push(this.#part(term));
    }
  }

  /** A part, which is remembered where it is one of the whole query. */
  #part(term: () => Node): Node {
    const scanner = this.#scanner;
    scanner.skipBlanks();
    const { place: start } = scanner;
    const node = this.#signed(term);
    if (!this.#depth) this.parts.push({ node, start, end: scanner.place });
    return node;
  }

  #signed(term: () => Node): Node {
    const scanner = this.#scanner;
    scanner.skipBlanks();
    const start = scanner.place;
    for (const keyword of ["AND", "OR"]) {
      if (scanner.isAt(keyword)) {
        scanner.fail(
          `${keyword} stands without a part before it; a word is "${keyword}"`,
          start,
          start + keyword.length,
        );
      }
    }
    if (scanner.match(/NOT(?=[ \t\r\n()"]|$)|-(?=[^ \t\r\n)])/y)) {
      if (scanner.text.startsWith("--", start)) {
        scanner.fail('two signs in a row; a text that begins with - is quoted: "--flag"', start, start + 2);
      }
      return { type: "not", part: this.#deeper(start, () => this.#signed(term)) };
    }
    return scanner.take("(") ? this.#deeper(start, () => this.#group(start, term)) : term();
  }

  #group(start: number, term: () => Node): Node {
    const scanner = this.#scanner;
    scanner.skipBlanks();
    if (scanner.next === ")") {
      scanner.fail('nothing is between the parentheses; quote them where they are meant: "()"', start, start + 2);
    }
    const tree = this.#anyOf(term);
    if (!scanner.take(")")) scanner.fail("this parenthesis is not closed", start, start + 1);
    return tree;
  }

  /** A word, a phrase, an expression, or a key with its value. */
  #term(): Node {
    const scanner = this.#scanner;
    const start = scanner.place;
    const key = scanner.takeKey();
    if (key !== null) {
      const { place: opening } = scanner;
      const field = () => this.#field(key);
      return scanner.take("(") ? this.#deeper(opening, () => this.#group(opening, field)) : field();
    }
    const { pattern } = this.#piece(start, "a word");
    if (pattern.type === "text" && !pattern.text) {
      scanner.fail("an empty phrase is in every text; leave it out", start, start + 2);
    }
    return isAnything(pattern) ? { type: "all" } : { type: "search", pattern };
  }

  #field(key: string): Node {
    const start = this.#scanner.place;
    const operator = OPERATORS.find((each) => this.#scanner.take(each));
    const piece = this.#piece(start, operator ? "a number" : "a value");
    const refuse = (message: string): never => this.#scanner.fail(message, piece.start, piece.end);
    const test = operator ? comparisonTest(key, operator, piece, refuse) : valueTest(key, piece, refuse);
    return { type: "field", key, test };
  }

  #piece(start: number, missing: string): Piece {
    const scanner = this.#scanner;
    if (++this.#terms > MAX_TERMS) scanner.fail(`${MAX_TERMS} words and values are the limit of one query`, start);
    const piece = scanner.takePiece() ?? scanner.fail(`${missing} is missing here`, scanner.place);
    const { pattern } = piece;
    if (pattern.type !== "text" && !isAnything(pattern) && ++this.#expressions > MAX_EXPRESSIONS) {
      scanner.fail(`${MAX_EXPRESSIONS} regular expressions and globs are the limit of one query`, start);
    }
    if (pattern.type === "regex") this.#check(pattern, piece);
    const [following] = scanner.text.slice(scanner.place, scanner.place + 2);
    if (following && !/[) \t\r\n]/.test(following)) {
      scanner.fail(`a blank is missing before ${following}`, scanner.place, scanner.place + following.length);
    }
    return piece;
  }

  #check({ expression, ignoreCase }: { expression: string; ignoreCase: boolean }, { start, end }: Piece): void {
    try {
      translate(expression, ignoreCase);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.#scanner.fail(`not a regular expression of RE2: ${error.message}`, start, end);
    }
  }

  #deeper(start: number, parse: () => Node): Node {
    if (++this.#depth > MAX_DEPTH) {
      this.#scanner.fail(`${MAX_DEPTH} parentheses and signs within each other are the limit`, start);
    }
    const tree = parse();
    this.#depth--;
    return tree;
  }

  #keyword(keyword: string): boolean {
    this.#scanner.skipBlanks();
    return this.#scanner.isAt(keyword) && this.#scanner.take(keyword);
  }
}

function joined(type: "and" | "or", parts: Node[]): Node {
  const flat = parts.flatMap((part) => (part.type === type ? part.parts : [part]));
  const [only] = flat;
  return only && flat.length === 1 ? only : { type, parts: flat };
}
