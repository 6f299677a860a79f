import { effect, signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Frame } from "../engine/protocol.ts";
import { attempt } from "../export/notice.ts";
import { engine } from "../state/page.ts";
import { theme } from "../state/preferences.ts";
import { look } from "../state/view.ts";
import { type Bucket, bucketsOf, countsText, sentence } from "./bars.ts";
import { chosen, type Edge, nudged, type Scale, type Stretch, timeAtPlace } from "./brush.ts";
import { clockText, spanText } from "./calendar.ts";
import { draw } from "./drawing.ts";
import { jumpToTime } from "./jump.ts";
import { paced } from "./paced.ts";
import { zone } from "./zone.ts";
import "./chart.css";

// ms between two histograms: counting 200 000 records takes a while, and nobody reads faster.
const REST = 400;

// px: a bucket, and how far a pointer moves before it draws a span instead of pointing at a time.
const BUCKET = 5;
const STILL = 4;

const buckets = signal<Bucket[]>([]);

/** The bars, and all that chooses a time on them. */
export default function Chart() {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(box);
  useBuckets(Math.max(24, Math.min(240, Math.floor(width / BUCKET))));
  useDrawing(canvas, width);
  const scale = scaleOf(buckets.value);
  const [stretch, setStretch] = useState<Stretch | null>(null);
  const [pointed, setPointed] = useState<number | null>(null);
  const span = stretch && scale && chosen(stretch, scale);

  const placeOf = (event: PointerEvent) => {
    const bounds = box.current?.getBoundingClientRect();
    return bounds ? event.clientX - bounds.left : 0;
  };
  const begun = useRef(0);

  function press(event: PointerEvent) {
    if (!scale || event.button !== 0) return;
    box.current?.setPointerCapture(event.pointerId);
    begun.current = placeOf(event);
    const time = timeAtPlace(begun.current, width, scale);
    setStretch({ anchor: time, head: time });
  }

  function move(event: PointerEvent) {
    const place = placeOf(event);
    setPointed(place);
    if (scale && stretch && event.buttons) setStretch({ ...stretch, head: timeAtPlace(place, width, scale) });
  }

  function release(event: PointerEvent) {
    if (!span || !stretch) return;
    setStretch(null);
    if (Math.abs(placeOf(event) - begun.current) > STILL) zoom(span);
    else attempt(jumpToTime(span[0]).then((problem) => problem && Promise.reject(new Error(problem))));
  }

  return (
    <div
      class="chart"
      ref={box}
      onPointerCancel={() => setStretch(null)}
      onPointerDown={press}
      onPointerLeave={() => setPointed(null)}
      onPointerMove={move}
      onPointerUp={release}
    >
      <canvas aria-label={sentence(buckets.value, zone.value, Date.now())} ref={canvas} role="img" />
      {scale && span && <Chosen scale={scale} span={span} />}
      {scale && pointed !== null && <Pointed place={pointed} scale={scale} span={span} width={width} />}
      {scale && <Edges scale={scale} span={span} onChange={setStretch} />}
    </div>
  );
}

function Chosen({ scale, span: [from, to] }: { scale: Scale; span: readonly [number, number] }) {
  return (
    <div
      class="chart-chosen"
      style={{ left: percent(from, scale), right: percent(scale.from + scale.to - to, scale) }}
    />
  );
}

/** What lies below the pointer, or what is chosen. */
function Pointed({
  place,
  scale,
  span,
  width,
}: {
  place: number;
  scale: Scale;
  span: readonly [number, number] | null;
  width: number;
}) {
  const time = timeAtPlace(place, width, scale);
  const within = span
    ? buckets.value.filter(({ from, to }) => from >= span[0] && to <= span[1])
    : buckets.value.filter(({ from, to }) => from <= time && time < to);
  const [first, last] = [within[0], within.at(-1)];
  if (!first || !last) return null;
  const counts = first.counts.map((_, level) => within.reduce((sum, { counts }) => sum + (counts[level] ?? 0), 0));
  const at = Math.max(0, Math.min(width, place));
  // As far to the left of its place as that is from the left end: so it never sticks out.
  const style = { left: `${at}px`, transform: `translateX(-${(at / width) * 100}%)` };
  return (
    <>
      {!span && <div class="chart-at" style={{ left: `${at}px` }} />}
      <div class="chart-tip" style={style}>
        {spanText(first.from, last.to, zone.value, Date.now())} · {countsText(counts)}
      </div>
    </>
  );
}

/** Both ends of what is chosen, for who has no pointer: arrows move them, Enter zooms. */
function Edges(props: {
  scale: Scale;
  span: readonly [number, number] | null;
  onChange: (stretch: Stretch | null) => void;
}) {
  const { scale, onChange } = props;
  const span = props.span ?? [scale.from, scale.to];
  function press(event: KeyboardEvent, edge: Edge) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const next = nudged(span, edge, event.key, event.shiftKey, scale);
    if (next) onChange({ anchor: next[0], head: next[1] });
    else if (event.key === "Enter") zoom(span);
    else if (event.key !== "Escape" || !props.span) return;
    if (event.key === "Enter" || event.key === "Escape") onChange(null);
    event.preventDefault();
    event.stopPropagation();
  }
  return (["from", "to"] as const).map((edge) => {
    const time = span[edge === "from" ? 0 : 1];
    return (
      <div
        aria-label={edge === "from" ? "Zoom from; Enter zooms" : "Zoom to; Enter zooms"}
        aria-valuemax={Math.round((scale.to - scale.from) / scale.width)}
        aria-valuemin={0}
        aria-valuenow={Math.round((time - scale.from) / scale.width)}
        aria-valuetext={clockText(time, zone.value, scale.width)}
        class="chart-edge"
        key={edge}
        role="slider"
        style={{ left: percent(time, scale) }}
        tabIndex={0}
        onKeyDown={(event) => press(event, edge)}
      />
    );
  });
}

/** Shows a span of time alone; both of its ends belong to it, as the gateway has it. */
function zoom([from, to]: readonly [number, number]): void {
  const [since, until] = [from, to - 1].map((time) => new Date(time).toISOString());
  look({ since: since ?? "", until: until ?? "", record: "" }, { step: true });
}

function scaleOf(shown: readonly Bucket[]): Scale | null {
  const [first, last] = [shown[0], shown.at(-1)];
  return first && last ? { from: first.from, to: last.to, width: first.to - first.from } : null;
}

function percent(time: number, { from, to }: Scale): string {
  return `${((time - from) / (to - from)) * 100}%`;
}

/** Keeps `buckets` as what is loaded has it. */
function useBuckets(count: number): void {
  useEffect(() => {
    const { changed, stop } = paced(async () => {
      // Where nothing is held there may be nobody to ask: the first question was refused.
      const held = engine.frame.peek()?.held;
      buckets.value = held ? bucketsOf(await engine.histogram("all", count)) : [];
    }, REST);
    let drawn = "";
    const unfollow = effect(() => {
      const frame = engine.frame.value;
      const now = frame ? mark(frame) : drawn;
      if (now === drawn) return;
      drawn = now;
      changed();
    });
    return () => {
      unfollow();
      stop();
    };
  }, [count]);
}

/** Differs when the histogram may. */
function mark({ totals, span, held, left, pending }: Frame): string {
  return [...Object.values(totals), span, held, left, pending].join();
}

function useWidth(box: { current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (!box.current) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  return width;
}

/** Draws whenever anything that is drawn is different, colours among it. */
function useDrawing(canvas: { current: HTMLCanvasElement | null }, width: number): void {
  const shown = buckets.value;
  const [dark, setDark] = useState(prefersDark.matches);
  useEffect(() => {
    const change = () => setDark(prefersDark.matches);
    prefersDark.addEventListener("change", change);
    return () => prefersDark.removeEventListener("change", change);
  }, []);
  useEffect(() => {
    // In a frame of its own: by then the theme is on the page, whoever puts it there.
    const frame = requestAnimationFrame(() => canvas.current && draw(canvas.current, shown, zone.peek(), Date.now()));
    return () => cancelAnimationFrame(frame);
  }, [shown, width, dark, theme.value, zone.value]);
}

const prefersDark = matchMedia("(prefers-color-scheme: dark)");
