import type { Elements } from "./hands.ts";
import type { Viewport } from "./viewport.ts";

/** Puts a viewport on the page, and hears where people scroll to. */
export class Placing {
  readonly elements: Elements;
  /** How far the content was scrolled when that was last set or heard of. */
  #top = 0;
  /** How far it was scrolled before the page was changed; null when nobody looked. */
  #seen: number | null = null;

  constructor(elements: Elements) {
    this.elements = elements;
  }

  /** Sees where people have scrolled to, while nothing is drawn yet: afterwards a browser lays out all of it to answer. */
  look(): void {
    this.#seen = this.elements.scroller.scrollTop;
  }

  /** @param first the number of the first row that is drawn. */
  arrange(viewport: Viewport, first: number): void {
    const { scroller, content, block } = this.elements;
    const seen = this.#seen ?? scroller.scrollTop;
    this.#seen = null;
    content.style.height = `${viewport.height}px`;
    block.style.transform = `translateY(${viewport.y(first)}px)`;
    // Somebody has scrolled, and the browser will say so: it is not taken back.
    if (Math.abs(seen - this.#top) >= 1) return;
    if (Math.abs(seen - viewport.top) >= 1) {
      scroller.scrollTop = viewport.top;
      viewport.top = scroller.scrollTop;
    }
    this.#top = viewport.top;
  }

  /** Whether the page shows the end: a box that has grown is scrolled by the browser before its size is told. */
  get isAtBottom(): boolean {
    const { scroller } = this.elements;
    return scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - 1;
  }

  /** Which way somebody has scrolled; null when it was not a person. */
  hear(top: number): "up" | "down" | null {
    if (Math.abs(top - this.#top) < 1) return null;
    const way = top > this.#top ? "down" : "up";
    this.#top = top;
    return way;
  }
}
