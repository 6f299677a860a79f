import { LEVEL_CLASSES, type LevelClass } from "../engine/rows.ts";
import { type Bucket, partsOfBar, ticks } from "./bars.ts";
import type { Zone } from "./calendar.ts";

// px: what the times below the bars take, and how far apart two of them are at least.
const AXIS = 14;
const TICK_ROOM = 84;

/** Draws buckets and the times below them; sharp on any screen, in the colours of the theme that is in force. */
export function draw(canvas: HTMLCanvasElement, buckets: readonly Bucket[], zone: Zone, now: number): void {
  const { clientWidth: width = 0, clientHeight: height = 0 } = canvas.parentElement ?? canvas;
  const context = canvas.getContext("2d");
  if (!context || !width) return;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  context.scale(ratio, ratio);
  const colours = coloursOf(canvas);
  drawBars(context, buckets, width, height - AXIS, colours);
  drawAxis(context, buckets, width, height, colours.axis, { zone, now });
}

/** Most of what there is: behind it stands out what is worse. */
const CALM: ReadonlySet<LevelClass> = new Set(["trace", "debug", "info"]);

type Colours = Record<LevelClass | "axis", string>;

/** What the tokens are at present: a canvas knows no variables. */
function coloursOf(canvas: HTMLCanvasElement): Colours {
  const resolved = (token: string) => {
    canvas.style.color = `var(--${token})`;
    return getComputedStyle(canvas).color;
  };
  const levels = LEVEL_CLASSES.map((level) => [level, resolved(level)]);
  return { ...Object.fromEntries(levels), axis: resolved("dim") };
}

function drawBars(
  context: CanvasRenderingContext2D,
  buckets: readonly Bucket[],
  width: number,
  height: number,
  colours: Colours,
): void {
  const most = Math.max(...buckets.map(({ total }) => total));
  const left = (place: number) => Math.round((place / buckets.length) * width);
  buckets.forEach((bucket, place) => {
    const wide = left(place + 1) - left(place);
    for (const { level, bottom, height: tall } of partsOfBar(bucket, most, height - 4)) {
      context.fillStyle = colours[level];
      context.globalAlpha = CALM.has(level) ? 0.55 : 1;
      context.fillRect(left(place), height - bottom - tall, Math.max(1, wide - 1), tall);
    }
  });
  context.globalAlpha = 1;
}

function drawAxis(
  context: CanvasRenderingContext2D,
  buckets: readonly Bucket[],
  width: number,
  height: number,
  colour: string,
  { zone, now }: { zone: Zone; now: number },
): void {
  context.fillStyle = colour;
  context.fillRect(0, height - AXIS, width, 1);
  const [from, to] = [buckets[0]?.from ?? 0, buckets.at(-1)?.to ?? 0];
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "bottom";
  for (const { time, text } of ticks(from, to, Math.floor(width / TICK_ROOM), zone, now)) {
    const x = Math.round(((time - from) / (to - from)) * width);
    const half = context.measureText(text).width / 2;
    context.fillRect(x, height - AXIS, 1, 3);
    context.fillText(text, Math.max(0, Math.min(width - 2 * half, x - half)), height);
  }
}
