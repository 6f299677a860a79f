/** Neighbouring numbers of one stream that were given (`reason` is empty) or declared lost. */
export interface Span {
  first: number;
  last: number;
  /** How many of them; fewer than there are numbers where a query leaves records out. */
  count: number;
  reason: string;
}

// Spans that are remembered. Beyond, the older half is joined by kinds: counts stay exact, but a fork that goes back into
// joined ones may count records as withdrawn that were not.
const MOST = 1024;

/** What was given and what was declared lost of one numbering of one stream, in order. */
export class Spans {
  #spans: Span[] = [];

  add(first: number, last: number, reason: string): void {
    const newest = this.#spans.at(-1);
    const count = last - first + 1;
    if (newest?.last === first - 1 && newest.reason === reason) {
      newest.last = last;
      newest.count += count;
      return;
    }
    this.#spans.push({ first, last, count, reason });
    if (this.#spans.length > MOST) this.#join();
  }

  /** Whether this record was given. */
  given(n: number): boolean {
    return this.#spans.some(({ first, last, reason }) => !reason && first <= n && n <= last);
  }

  /** Forgets all behind `n`, and tells of each how much it was. */
  cut(n: number, told: (reason: string, count: number) => void): void {
    this.#spans = this.#spans.filter((span) => {
      const left = Math.max(Math.min(n - span.first + 1, span.count), 0);
      told(span.reason, span.count - left);
      span.last = Math.min(span.last, n);
      span.count = left;
      return left;
    });
  }

  #join(): void {
    const kinds = new Map<string, Span>();
    for (const span of this.#spans.splice(0, MOST / 2)) {
      const kind = kinds.get(span.reason);
      if (kind) {
        kind.last = span.last;
        kind.count += span.count;
      } else kinds.set(span.reason, span);
    }
    this.#spans.unshift(...kinds.values());
  }
}
