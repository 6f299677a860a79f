import type { Frame } from "./protocol.ts";

// ms between two frames, at least: no screen shows more.
const SCREEN = 16;

/**
 * ms between two frames, at least, where nobody has done anything and records only came. A tenth of a second is what a
 * person takes for at once, and to draw all lines of a list takes a browser without a graphics card most of two frames of a
 * screen.
 */
export const ARRIVALS = 100;

/**
 * When frames are sent: one on its way at a time, the next when that one was drawn and something is different, and none
 * sooner than it is of use.
 */
export class Frames {
  readonly #make: (number: number) => Frame;
  readonly #send: (frame: Frame) => void;
  #number = 0;
  #sent = Number.NEGATIVE_INFINITY;
  /** How long after the last frame the next one is wanted; without end when nothing is different. */
  #rest = Number.POSITIVE_INFINITY;
  #drawn = true;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(make: (number: number) => Frame, send: (frame: Frame) => void) {
    this.#make = make;
    this.#send = send;
  }

  /** Something is different, and `rest` ms after the last frame are soon enough to show it. */
  changed(rest = SCREEN): void {
    if (rest >= this.#rest) return;
    this.#rest = rest;
    this.#arrange();
  }

  drawn(number: number): void {
    if (number !== this.#number) return;
    this.#drawn = true;
    this.#arrange();
  }

  #arrange(): void {
    if (this.#rest === Number.POSITIVE_INFINITY || !this.#drawn) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const wait = this.#sent + this.#rest - performance.now();
    this.#timer = setTimeout(() => this.#go(), Math.max(0, wait));
  }

  #go(): void {
    this.#timer = null;
    this.#rest = Number.POSITIVE_INFINITY;
    this.#drawn = false;
    this.#sent = performance.now();
    this.#number += 1;
    this.#send(this.#make(this.#number));
  }
}
