import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import type { ListName } from "../engine/protocol.ts";
import type { RecordRow, Row } from "../engine/rows.ts";
import { view } from "../state/view.ts";
import { bring } from "../time/later.ts";
import { GapBar, HorizonBar } from "./bars.tsx";
import { Line, type LineStyle } from "./line.tsx";

/** What opens in a line, loaded when the first one is opened. */
const Detail = signal<ComponentType<{ list: ListName; row: RecordRow }> | null>(null);

interface RowProps {
  list: ListName;
  row: Row;
  /** Its place in the list, from 1. */
  index: number;
  style: LineStyle;
  isCurrent: boolean;
  isChosen: boolean;
  isExpanded: boolean;
}

/** A row of a list: a record, or what stands where there is none. */
export function RowView({ list, row, index, style, isCurrent, isChosen, isExpanded }: RowProps) {
  const isRecord = row.type === "record";
  const classes = [
    "log-row",
    isRecord ? `log-${row.levelClass}` : "log-barred",
    (style.wrap || isExpanded || !isRecord) && "log-measured",
    isCurrent && "log-current",
    isChosen && "log-chosen",
    isRecord && row.marked && "log-marked",
    isRecord && view.value.record === `${row.stream}/${row.id}` && "log-target",
  ];
  return (
    // biome-ignore lint/a11y/useSemanticElements: a table cannot be drawn in part
    // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus and says which row is the current one
    <div
      id={`${list}-${row.key}`}
      class={classes.filter(Boolean).join(" ")}
      role="row"
      data-key={row.key}
      data-number={row.number}
      aria-level={1}
      aria-rowindex={index}
      aria-selected={isChosen}
      {...(isRecord && { "aria-expanded": isExpanded })}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: as above */}
      <div class="log-line" role="gridcell">
        <span class="log-gutter" aria-hidden="true" />
        {isRecord && <Line row={row} style={style} />}
        {row.type === "gap" && <GapBar row={row} streams={style.streams} />}
        {row.type === "horizon" && <HorizonBar row={row} />}
      </div>
      {isRecord && isExpanded && <Opened list={list} row={row} />}
    </div>
  );
}

function Opened({ list, row }: { list: ListName; row: RecordRow }) {
  if (!isAsked) load();
  return (
    // biome-ignore lint/a11y/useSemanticElements: as above
    // biome-ignore lint/a11y/useFocusableInteractive: as above
    <div class="log-opened" role="gridcell">
      {Detail.value ? <Detail.value list={list} row={row} /> : "Loading…"}
    </div>
  );
}

let isAsked = false;

function load(): void {
  isAsked = true;
  bring(
    () => import("./detail.tsx"),
    (module) => {
      Detail.value = module.Detail;
    },
  );
}
