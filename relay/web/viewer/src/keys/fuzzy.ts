/** How well a text fits, the higher the better, and which of its characters do. */
export interface Fit {
  score: number;
  places: number[];
}

const AT_START = 8;
const AT_WORD = 6;
const NEXT_TO_LAST = 5;
const ANYWHERE = 1;
/** A character passed over costs this much. */
const PASSED = 0.1;

/** What people type to find something is short; more than this is a paste. */
const LONGEST = 64;

const SEPARATOR = /[\s._:/@-]/;

/** A way to place letters: the last one at `place`, the others as `before` has them. */
interface Way {
  score: number;
  place: number;
  before: Way | null;
}

/** All letters of `wanted` in `text`, in their order and in any case; null where they are not there. Blanks count for nothing. */
export function fit(wanted: string, text: string): Fit | null {
  const letters = [...wanted.slice(0, LONGEST).toLowerCase()].filter((letter) => letter.trim());
  const lower = text.toLowerCase();
  let ways: Way[] = [{ score: 0, place: -1, before: null }];
  for (const letter of letters) {
    ways = placed(letter, lower, ways);
    if (!ways.length) return null;
  }
  const best = ways.reduce((one, other) => (other.score > one.score ? other : one));
  const places: number[] = [];
  for (let way: Way | null = best; way && way.place >= 0; way = way.before) places.unshift(way.place);
  return { score: best.score, places };
}

/** The best way for each place that this letter has behind some way; `ways` come and go by place. */
function placed(letter: string, text: string, ways: Way[]): Way[] {
  const next: Way[] = [];
  let behind = 0;
  let best: Way | null = null;
  for (let place = text.indexOf(letter); place >= 0; place = text.indexOf(letter, place + 1)) {
    for (let way = ways[behind]; way && way.place < place; way = ways[++behind])
      if (!best || reach(way, place) >= reach(best, place)) best = way;
    const neighbour: Way | undefined = ways[behind - 1];
    const beside =
      neighbour?.place === place - 1 && place > 0 ? neighbour.score + NEXT_TO_LAST : Number.NEGATIVE_INFINITY;
    const apart = best ? reach(best, place) + worth(text, place) : Number.NEGATIVE_INFINITY;
    if (neighbour && beside >= apart) next.push({ score: beside, place, before: neighbour });
    else if (best) next.push({ score: apart, place, before: best });
  }
  return next;
}

/** What a way is worth for somebody who goes on at `place`. */
function reach(way: Way, place: number): number {
  return way.score - PASSED * (place - way.place - 1);
}

function worth(text: string, place: number): number {
  if (place === 0) return AT_START;
  return SEPARATOR.test(text.charAt(place - 1)) ? AT_WORD : ANYWHERE;
}
