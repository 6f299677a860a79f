// In how many ways a safe expression may match at one place: fewer, where it has repetitions without an end.
const MOST_WAYS = 1000;
const MOST_WAYS_REPEATED = 32;

// Steps that a text may take, with or without repetitions: some 4 ms.
const MOST_STEPS = 1 << 22;

interface Group {
  /** Ways to match what stands in the branch so far, and the branches before. */
  ways: number;
  before: number;
  /** Repetitions without an end that stand before the group. */
  repetitions: number;
}

/**
 * Judges, piece by piece, what an expression may cost an engine that backtracks, as JavaScript's does. The bound is
 * never too low: what is called safe takes at most the square of a text's length, times 32.
 */
export class Backtracking {
  /** Repetitions without an end, so far. */
  repetitions = 0;
  #outer: Group[] = [];
  #group: Group = { ways: 1, before: 0, repetitions: 0 };
  /** Ways to match the last piece; the character that it is; whether it has repetitions without an end. */
  #ways = 1;
  #source = "";
  #repeats = false;
  /** The character that is repeated without an end, just before. */
  #repeated = "";
  /** There is a repetition of which all ends may be tried: one behind it would be run from each of them. */
  #open = false;

  get isSafe(): boolean {
    return this.#allWays <= (this.repetitions ? MOST_WAYS_REPEATED : MOST_WAYS);
  }

  /** Characters of the longest text that takes no more than some ms. */
  get longest(): number {
    const lengths = MOST_STEPS / this.#allWays;
    return this.repetitions ? Math.sqrt(lengths) : lengths;
  }

  /** A character, or with an empty source what is none; `literal`: the only one that may stand there, if it must. */
  piece(source = "", literal = ""): void {
    // `\w+ ` has but one end, since a blank is none of the characters that are repeated.
    this.#open ||= this.#repeated !== "" && (!literal || new RegExp(`^${this.#repeated}$`, "iu").test(literal));
    this.#repeated = "";
    this.#ways = 1;
    this.#source = source;
    this.#repeats = false;
  }

  begin(): void {
    this.piece();
    this.#outer.push(this.#group);
    this.#group = { ways: 1, before: 0, repetitions: this.repetitions };
  }

  alternative(): void {
    this.piece();
    this.#group.before += this.#group.ways;
    this.#group.ways = 1;
  }

  end(): void {
    this.piece();
    const { ways, before, repetitions } = this.#group;
    this.#ways = ways + before;
    this.#repeats = this.repetitions > repetitions;
    this.#group = this.#outer.pop() ?? this.#group;
    this.#group.ways *= this.#ways;
  }

  /** What the last piece is: so many times, or without an end. */
  repeat(least: number, most: number): void {
    const endless = most === Number.POSITIVE_INFINITY;
    if (most > 1 && (this.#repeats || (endless && (this.#ways > 1 || this.#open)))) this.#group.ways = most / 0;
    else if (!endless) this.#group.ways *= this.#ways ** (most - 1) * (most - least + 1);
    if (!endless) return;
    this.repetitions++;
    this.#open ||= !this.#source;
    this.#repeated = this.#source;
  }

  get #allWays(): number {
    return this.#group.ways + this.#group.before;
  }
}
