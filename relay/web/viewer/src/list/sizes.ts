/** A row that was measured. */
export interface RowSize {
  key: number;
  height: number;
}

/** Tells how large a list is on the page, and how high its rows are that may have a height of their own. */
export class Sizes {
  readonly #rows: (sizes: RowSize[]) => void;
  readonly #box: (width: number, height: number) => void;
  readonly #observer = new ResizeObserver((entries) => this.#hear(entries));
  readonly #observed = new Set<Element>();
  #scroller: HTMLElement | null = null;

  constructor(box: (width: number, height: number) => void, rows: (sizes: RowSize[]) => void) {
    this.#box = box;
    this.#rows = rows;
  }

  begin(scroller: HTMLElement): void {
    this.#scroller = scroller;
    this.#observer.observe(scroller);
    this.#box(scroller.clientWidth, scroller.clientHeight);
  }

  end(): void {
    this.#observer.disconnect();
  }

  /** Measures rows for as long as they are drawn: those that say so, and those that `wasMeasured`. */
  watch(block: HTMLElement, wasMeasured: (key: number) => boolean): void {
    for (const element of this.#observed) {
      if (element.parentElement === block) continue;
      this.#observer.unobserve(element);
      this.#observed.delete(element);
    }
    for (const element of block.children) {
      const isOwn = element.classList.contains("log-measured") || wasMeasured(keyOf(element));
      if (!isOwn || this.#observed.has(element)) continue;
      this.#observer.observe(element);
      this.#observed.add(element);
    }
  }

  #hear(entries: readonly ResizeObserverEntry[]): void {
    const scroller = this.#scroller;
    if (scroller && entries.some(({ target }) => target === scroller)) {
      this.#box(scroller.clientWidth, scroller.clientHeight);
    }
    const sizes = entries
      .filter(({ target }) => target !== scroller && target.isConnected)
      .map(({ target, borderBoxSize }) => ({ key: keyOf(target), height: borderBoxSize[0]?.blockSize ?? 0 }));
    this.#rows(sizes.filter(({ height }) => height > 0));
  }
}

/** The key of the record that a row shows. */
export function keyOf(row: Element): number {
  return Number(row.getAttribute("data-key"));
}
