import { computed } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { around } from "../around.ts";
import type { ListName } from "../engine/protocol.ts";
import type { Row } from "../engine/rows.ts";
import { engine } from "../state/page.ts";
import { ansi, clock, hidden, wrap } from "../state/preferences.ts";
import { active, current, expanded } from "../state/reading.ts";
import { question } from "../state/view.ts";
import { useNow } from "../status/now.ts";
import type { LineStyle } from "./line.tsx";
import { RowView } from "./row.tsx";
import { Scroller } from "./scroller.ts";
import { shownScrollers } from "./scrollers.ts";
import { chooseNone, chosenRange } from "./selection.ts";

// Several names, or a glob.
const SEVERAL = /[,*?]/;

/** Whether lines must say which stream they are of. The frame names all that were ever seen here. */
const severalStreams = computed(
  () => SEVERAL.test(question.value?.streams.join() ?? "") && (engine.frame.value?.streams.length ?? 0) > 1,
);

/** One list of records, of which only what is in sight is drawn. */
export function LogList({ list, label }: { list: ListName; label: string }) {
  const [scroller] = useState(() => new Scroller(list));
  const elements = {
    scroller: useRef<HTMLDivElement>(null),
    content: useRef<HTMLDivElement>(null),
    block: useRef<HTMLDivElement>(null),
  };
  useLayoutEffect(() => {
    const [box, content, block] = [elements.scroller.current, elements.content.current, elements.block.current];
    if (!box || !content || !block) return;
    const detach = scroller.attach({ scroller: box, content, block });
    shownScrollers.set(list, scroller);
    return () => {
      shownScrollers.delete(list);
      detach();
    };
  }, [scroller]);
  const style = useLineStyle();
  useEffect(() => scroller.restyle(), [style]);
  useEffect(() => {
    scroller.renew();
    chooseNone();
  }, [question.value]);

  scroller.turn.value; // drawn anew when other rows are in sight
  const frame = engine.frame.value;
  const rows = frame ? scroller.take(frame) : [];
  const shown = frame?.lists[list];
  const parts = around.value;
  const gestures = useMemo(() => parts?.gesturesOf(list, scroller), [parts]);
  const place = current.value;
  const isDrawn = place?.list === list && rows.some(({ key }) => key === place.key);
  return (
    <section
      class={`log ${scroller.narrow.value ? "log-narrow" : ""} ${style.wrap ? "log-wrap" : ""}`}
      aria-label={label}
      data-list={list}
      onFocusCapture={() => {
        active.value = list;
      }}
    >
      <div class="log-room" role="log" aria-live="off" aria-label={`${label}: lines`}>
        <div
          ref={elements.scroller}
          class="log-scroller"
          role="treegrid"
          tabIndex={0}
          aria-label={label}
          aria-rowcount={shown?.count ?? 0}
          aria-multiselectable
          {...(isDrawn && { "aria-activedescendant": `${list}-${place.key}` })}
          {...gestures}
        >
          <div ref={elements.content} class="log-content" role="presentation">
            {/* biome-ignore lint/a11y/useSemanticElements: as above */}
            <div ref={elements.block} class="log-block" role="rowgroup">
              <Rows scroller={scroller} rows={rows} first={shown?.first ?? 0} style={style} />
            </div>
          </div>
        </div>
      </div>
      {parts && <parts.Floating scroller={scroller} box={elements.scroller} />}
    </section>
  );
}

interface RowsProps {
  scroller: Scroller;
  rows: readonly Row[];
  /** The number of the list's first row. */
  first: number;
  style: LineStyle;
}

function Rows({ scroller, rows, first, style }: RowsProps) {
  const { list } = scroller;
  useLayoutEffect(() => scroller.place());
  const place = current.value;
  const range = chosenRange(list);
  return (
    <>
      {rows.map((row) => (
        <RowView
          key={scroller.slotOf(row, rows.length, style.wrap)}
          list={list}
          row={row}
          index={row.number - first + 1}
          style={style}
          isCurrent={place?.list === list && place.key === row.key}
          isChosen={range !== null && row.number >= range.from && row.number < range.to}
          isExpanded={expanded.value.has(row.key)}
        />
      ))}
    </>
  );
}

/** The same object for as long as lines are written alike. */
function useLineStyle(): LineStyle {
  const isRelative = clock.value === "relative";
  const now = useNow(isRelative);
  const values = [
    clock.value,
    isRelative ? now : 0,
    ansi.value,
    wrap.value,
    hidden.value,
    severalStreams.value,
  ] as const;
  return useMemo(() => {
    const [clock, now, ansi, wrap, hidden, streams] = values;
    return { clock, now, ansi, wrap, hidden: new Set(hidden), streams };
  }, values);
}
