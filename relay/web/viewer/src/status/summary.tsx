import type { Frame } from "../engine/protocol.ts";
import { LEVEL_CLASSES, type LevelClass } from "../engine/rows.ts";
import { engine } from "../state/page.ts";
import { clock } from "../state/preferences.ts";
import { look, view } from "../state/view.ts";
import { useNow } from "./now.ts";
import { number } from "./numbers.ts";
import { ago, duration, timeOf } from "./words.ts";
import "./summary.css";

/** Totals by level, entries held, matches. */
export function Summary() {
  const frame = engine.frame.value;
  return (
    <section class="sum" aria-label="Summary">
      {frame && <Held frame={frame} />}
      <div class="sum-levels">
        {[...LEVEL_CLASSES].reverse().map((level) => (
          <Level key={level} level={level} total={frame?.totals[level] ?? 0} />
        ))}
      </div>
      {frame?.span && <Span span={frame.span} />}
    </section>
  );
}

function Held({ frame }: { frame: Frame }) {
  const matched = LEVEL_CLASSES.reduce((sum, level) => sum + frame.totals[level], 0);
  return (
    <span class="sum-held" title={`Records held in this page, at most ${number(frame.capacity)}`}>
      <b>{number(frame.held)}</b> held · <b>{number(matched)}</b> matched
      {frame.left > 0 && (
        <>
          {" "}
          · <b>{number(frame.left)}</b> left to make room
        </>
      )}
    </span>
  );
}

/** Shows this level alone, or with others; all, when it was the last. */
function Level({ level, total }: { level: LevelClass; total: number }) {
  const chosen = view.value.levels;
  const pressed = chosen.includes(level);
  // Of those that are not chosen nothing comes: they are there to be chosen, too.
  if (!total && !chosen.length) return null;
  const toggle = () => {
    look({ levels: pressed ? chosen.filter((each) => each !== level) : [...chosen, level] }, { step: true });
  };
  return (
    <button type="button" class={`sum-level sum-${level}`} aria-pressed={pressed} onClick={toggle}>
      {level} {(total > 0 || pressed) && <b>{number(total)}</b>}
    </button>
  );
}

function Span({ span: [first, last] }: { span: [number, number] }) {
  const relative = clock.value === "relative";
  const now = useNow(relative, 10_000);
  const text = relative
    ? `${ago(now - first)} – ${ago(now - last)}`
    : `${timeOf(first, clock.value)} – ${timeOf(last, clock.value)}`;
  return (
    <span class="sum-span">
      {text} ({duration(last - first)})
    </span>
  );
}
