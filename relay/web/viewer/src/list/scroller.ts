import { signal } from "@preact/signals";
import type { Frame, ListFrame, ListName } from "../engine/protocol.ts";
import type { Row } from "../engine/rows.ts";
import { engine } from "../state/page.ts";
import { expanded, following, setFollowing, wanted } from "../state/reading.ts";
import { Asking, OVERSCAN, stillServes } from "./asking.ts";
import { carry } from "./carrying.ts";
import { Finder } from "./finder.ts";
import { type Elements, listen, type Told } from "./hands.ts";
import { Pages } from "./paging.ts";
import { Placing } from "./placing.ts";
import { type RowSize, Sizes } from "./sizes.ts";
import { type Range, Viewport } from "./viewport.ts";

/** The height of a line in px, as --row in tokens.css; in a narrow list a record has two. */
export const ROW = 20;

// A list of less px than this is narrow.
const NARROW = 560;
// ms without scrolling after which nobody is scrolling.
const STILL = 150;
// Rows before the first or behind the last that there is, at which the next page is fetched.
const AHEAD = 40;
// Frames for which a row that shall be shown may not be there yet.
const PATIENCE = 10;

/**
 * Keeps the part of a list that is in sight: says to the engine which rows these are, and has appended, trimmed, loaded and
 * measured rows leave what is being read where it is.
 *
 * Its own and not @tanstack/virtual-core: that one holds a measurement for each of 200 000 rows and makes them anew whenever
 * rows leave in front, which is each frame of a full list, and costs 9.5 kB of the 45 that the page may have. Here rows come
 * from afar by number, all but some have one height, and stable numbers make an anchor simple.
 */
export class Scroller implements Told {
  readonly list: ListName;
  readonly viewport = new Viewport(ROW);
  readonly older: Pages;
  readonly newer: Pages;
  /** Another value whenever other rows are in sight. */
  readonly turn = signal(0);
  readonly narrow = signal(false);
  readonly #asking = new Asking();
  readonly #finder: Finder;
  readonly #sizes = new Sizes(
    (width, height) => this.#boxed(width, height),
    (sizes) => this.#measured(sizes),
  );
  #placing: Placing | null = null;
  #frame: Frame | null = null;
  #rows: readonly Row[] = [];
  #drawn: Range = { from: 0, to: 0 };
  #held = false;
  #width = 0;
  #moving: ReturnType<typeof setTimeout> | null = null;
  #patience = PATIENCE;
  /** The record that was opened last, for as long as all of it shall come in sight. */
  #opened: number | null = null;

  constructor(list: ListName) {
    this.list = list;
    this.older = new Pages(list, "older");
    this.newer = new Pages(list, "newer");
    this.#finder = new Finder(list, (number) => this.#found(number));
    this.viewport.size = innerHeight;
  }

  /** Rows that are here, drawn or not. */
  get rows(): readonly Row[] {
    return this.#rows;
  }

  /** How many rows fit in sight. */
  get fitting(): number {
    return Math.ceil(this.viewport.size / this.viewport.heights.row);
  }

  /**
   * What a row is drawn in: a line of the usual height in that of a line which has left, since making a new one takes a browser
   * several times as long; any other in one of its own, for as long as it is drawn.
   */
  slotOf({ type, key, number }: Row, drawn: number, isWrapped: boolean): number | string {
    const isOwn = isWrapped || type !== "record" || expanded.value.has(key);
    if (isOwn || this.viewport.heights.measured(key) !== undefined) return key;
    return `slot ${number % Math.max(drawn, this.fitting + 2 * OVERSCAN + 2)}`;
  }

  /** Whether the list stays at its end now. */
  get pinned(): boolean {
    return following.value[this.list] && !this.#held;
  }

  /** Begins to listen to what is on the page; the answer ends that. */
  attach(elements: Elements): () => void {
    this.#placing = new Placing(elements);
    const end = listen(elements, this);
    this.#sizes.begin(elements.scroller);
    return () => {
      end();
      this.#sizes.end();
      this.#finder.forget();
      if (this.#moving !== null) clearTimeout(this.#moving);
      engine.look(this.list, { follow: true, count: 0 });
    };
  }

  /** Takes in a frame; the rows of it to draw. */
  take(frame: Frame): Row[] {
    const { viewport } = this;
    this.#placing?.look();
    if (frame !== this.#frame) this.#adopt(frame);
    if (this.pinned) viewport.toEnd();
    else if (this.#moving === null) viewport.settle();
    this.#goWhereWanted();
    this.#drawn = viewport.range(OVERSCAN);
    const anchor = this.#rows.find(({ number }) => number === viewport.anchor);
    if (anchor && !this.#finder.seeking) this.#finder.remember(anchor);
    return this.#rows.filter(({ number }) => this.#draws(number));
  }

  /** Puts on the page what `take` found; to be called when its rows are drawn. */
  place(): void {
    if (!this.#placing) return;
    const { block } = this.#placing.elements;
    this.#sizes.watch(block, (key) => this.viewport.heights.measured(key) !== undefined);
    this.#arrange();
    this.#ask();
    if (!following.peek()[this.list] && this.#moving === null) this.#reach();
  }

  /** Draws anew, for something else than a frame. */
  redraw(): void {
    this.turn.value += 1;
  }

  /** The list is another one: there may be history again. */
  renew(): void {
    this.older.renew();
    this.newer.renew();
  }

  /**
   * Lines are written otherwise, or have another width. What is drawn tells by itself when its height is another one; what was
   * measured of other rows says nothing any more, but for open records, which are high in any case.
   */
  restyle(): void {
    const { viewport } = this;
    const row = this.narrow.peek() ? 2 * ROW : ROW;
    viewport.change(() => {
      if (row !== viewport.heights.row) viewport.heights.begin(row);
      else viewport.heights.keep((key, number) => this.#draws(number) || expanded.peek().has(key));
    });
    this.redraw();
  }

  /** A record is opened: as much of it as fits shall be in sight when it is there. */
  opens(key: number): void {
    this.#opened = key;
  }

  scrolled(top: number): void {
    const way = this.#placing?.hear(top);
    if (!way) return;
    this.#opened = null;
    this.viewport.scroll(top);
    if (!this.viewport.atEnd && !this.#placing?.isAtBottom) setFollowing(this.list, false);
    else if (way === "down") this.#follow();
    this.#move();
  }

  wheeled(isDown: boolean): void {
    if (!isDown) setFollowing(this.list, false);
    else if (this.viewport.atEnd) this.#follow();
    this.redraw();
  }

  held(held: boolean): void {
    if (this.#held === held) return;
    this.#held = held;
    if (!held && !this.viewport.atEnd) setFollowing(this.list, false);
    this.redraw();
  }

  stays(): void {
    setFollowing(this.list, false);
  }

  #draws(number: number): boolean {
    return number >= this.#drawn.from && number < this.#drawn.to;
  }

  #adopt(frame: Frame): void {
    const shown = frame.lists[this.list];
    const { viewport } = this;
    this.#frame = frame;
    this.older.knows(frame.more.older);
    this.newer.knows(frame.more.newer);
    this.#findAgain(shown);
    viewport.change(() => {
      viewport.first = shown.first;
      viewport.count = shown.count;
      viewport.heights.settle(shown.rows);
      viewport.heights.keep((_, number) => number >= shown.first && number < viewport.end);
    });
    if (this.pinned || !stillServes(this.#rows, shown, viewport.range(0))) this.#rows = shown.rows;
    carry(this.list, this.#rows);
  }

  /** Late records move rows a little; a filtered list has other numbers altogether. */
  #findAgain({ rows, first, count }: ListFrame): void {
    if (this.pinned) this.#finder.forget();
    const moved = this.pinned ? 0 : this.#finder.among(rows, { from: first, to: first + count });
    if (moved === "lost") {
      this.#rows = [];
      this.#asking.forget();
    } else if (moved) this.viewport.renumber(this.viewport.anchor + moved);
  }

  #found(number: number | null): void {
    if (this.pinned) return;
    if (number === null) this.viewport.toEnd();
    else this.viewport.renumber(number);
    this.#asking.forget();
    this.redraw();
  }

  #goWhereWanted(): void {
    const place = wanted.value;
    if (place?.list !== this.list) return;
    const { viewport } = this;
    if (place.number < viewport.first || place.number >= viewport.end) {
      this.#patience -= 1;
      if (this.#patience > 0) return;
    } else {
      this.#finder.forget();
      const isNear = place.number >= this.#drawn.from - 1 && place.number <= this.#drawn.to;
      if (!viewport.sees(place.number)) viewport.show(place.number, isNear ? "near" : "third");
    }
    this.#patience = PATIENCE;
    wanted.value = null;
  }

  #arrange(): void {
    const first = this.#rows.find(({ number }) => number >= this.#drawn.from);
    this.#placing?.arrange(this.viewport, first?.number ?? this.#drawn.from);
  }

  #ask(): void {
    const { viewport } = this;
    const list = { from: viewport.first, to: viewport.end };
    const look = this.#asking.next(this.pinned, viewport.range(0), list, this.fitting);
    if (look) engine.look(this.list, look);
  }

  #reach(): void {
    const { viewport } = this;
    if (this.#finder.seeking) return;
    const { from, to } = viewport.range(0);
    if (from - viewport.first < AHEAD && this.#frame?.state.live) this.older.more();
    if (viewport.end - to < AHEAD && this.#frame?.mode === "past") this.newer.more();
  }

  /** Until nobody is scrolling, the content stays as it is. */
  #move(): void {
    if (this.#moving !== null) clearTimeout(this.#moving);
    this.#moving = setTimeout(() => {
      this.#moving = null;
      this.redraw();
    }, STILL);
    this.redraw();
  }

  #follow(): void {
    if (this.#frame?.mode === "live") setFollowing(this.list, true);
  }

  #measured(sizes: readonly RowSize[]): void {
    const { viewport } = this;
    const before = viewport.range(OVERSCAN);
    viewport.change(() => {
      for (const { key, height } of sizes) {
        const row = this.#rows.find((each) => each.key === key);
        if (row) viewport.heights.measure(key, row.number, height);
      }
    });
    if (this.pinned) viewport.toEnd();
    const opened = this.#rows.find(({ key }) => key === this.#opened);
    if (opened && sizes.some(({ key }) => key === opened.key)) viewport.show(opened.number, "near");
    this.#arrange();
    const after = viewport.range(OVERSCAN);
    if (after.from !== before.from || after.to !== before.to) this.redraw();
  }

  #boxed(width: number, height: number): void {
    this.viewport.size = height;
    if (width !== this.#width) {
      this.#width = width;
      this.narrow.value = width < NARROW;
      this.restyle();
    }
    this.redraw();
  }
}
