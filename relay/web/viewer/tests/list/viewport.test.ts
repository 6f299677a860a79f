import { beforeEach, describe, expect, it } from "vitest";
import { Viewport } from "../../src/list/viewport.ts";

let viewport: Viewport;

/** Where on the screen a row is. */
function seen(number: number): number {
  return viewport.y(number) - viewport.top;
}

beforeEach(() => {
  viewport = new Viewport(20);
  viewport.size = 200;
  viewport.count = 1000;
});

describe("a viewport", () => {
  it("shows the rows in sight and some more", () => {
    viewport.scroll(400);
    expect(viewport.range(0)).toEqual({ from: 20, to: 31 });
    expect(viewport.range(5)).toEqual({ from: 15, to: 36 });
    viewport.scroll(0);
    expect(viewport.range(5)).toEqual({ from: 0, to: 16 });
  });

  it("is at its end within 10 px of it", () => {
    viewport.toEnd();
    expect(viewport.top).toBe(19_800);
    expect(viewport.atEnd).toBe(true);
    viewport.scroll(19_790);
    expect(viewport.atEnd).toBe(true);
    viewport.scroll(19_789);
    expect(viewport.atEnd).toBe(false);
  });

  it("keeps what is read in its place when rows come behind", () => {
    viewport.scroll(405);
    viewport.change(() => {
      viewport.count += 5000;
    });
    viewport.settle();
    expect(viewport.top).toBe(405);
    expect(viewport.height).toBe(120_000);
  });

  it("keeps what is read in its place when rows are loaded in front, or leave there", () => {
    viewport.scroll(405);
    const before = seen(20);
    viewport.change(() => {
      viewport.first = -300;
      viewport.count = 1300;
    });
    expect(viewport.top).toBe(405);
    expect(seen(20)).toBe(before);
    viewport.settle();
    expect(viewport.top).toBe(6405);
    expect(seen(20)).toBe(before);
    viewport.change(() => {
      viewport.first = 15;
      viewport.count = 985;
    });
    viewport.settle();
    expect(seen(20)).toBe(before);
    expect(viewport.y(15)).toBe(0);
  });

  it("keeps what is read in its place when rows above it turn out higher", () => {
    viewport.scroll(405);
    const before = seen(20);
    viewport.change(() => viewport.heights.measure(3, 3, 300));
    expect(viewport.top).toBe(405);
    expect(seen(20)).toBe(before);
    viewport.settle();
    expect(viewport.top).toBe(685);
    expect(seen(20)).toBe(before);
  });

  it("moves what is below a row that grows, and not the row", () => {
    viewport.scroll(400);
    viewport.change(() => viewport.heights.measure(25, 25, 300));
    expect(seen(25)).toBe(100);
    expect(seen(26)).toBe(400);
  });

  it("goes to the first row that there is when what was read has left", () => {
    viewport.scroll(400);
    viewport.change(() => {
      viewport.first = 500;
      viewport.count = 500;
    });
    viewport.settle();
    expect(viewport.top).toBe(0);
    expect(viewport.range(0).from).toBe(500);
  });

  it("stays with a record whose row has another number", () => {
    viewport.scroll(405);
    viewport.renumber(23);
    expect(seen(23)).toBe(-5);
    viewport.settle();
    expect(viewport.top).toBe(465);
  });

  it("scrolls no further than needed to see a row", () => {
    viewport.scroll(400);
    viewport.show(25, "near");
    expect(viewport.top).toBe(400);
    viewport.show(30, "near");
    expect(viewport.top).toBe(420);
    viewport.show(10, "near");
    expect(viewport.top).toBe(200);
    viewport.heights.measure(40, 40, 500);
    viewport.show(40, "near");
    expect(viewport.top).toBe(viewport.y(40));
  });

  it("brings a row from afar to a third from the top, and keeps it there while rows before it are measured", () => {
    viewport.show(500, "third");
    const before = seen(500);
    expect(before).toBe(67);
    viewport.change(() => {
      for (let number = 490; number < 500; number += 1) viewport.heights.measure(number, number, 60);
    });
    viewport.settle();
    expect(seen(500)).toBe(before);
  });
});
