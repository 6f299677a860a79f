import { Component, Fragment, type JSX } from "preact";
import type { RecordRow } from "../engine/rows.ts";
import type { Clock } from "../state/preferences.ts";
import { count } from "../status/numbers.ts";
import { Text } from "./pieces.tsx";
import { visible } from "./text.ts";
import { fullTime, shortTime } from "./times.ts";
import { size } from "./words.ts";

/** How all lines of a list are written. Equal ones are the same object. */
export interface LineStyle {
  clock: Clock;
  /** The time that relative times are counted from; 0 for other clocks. */
  now: number;
  ansi: boolean;
  wrap: boolean;
  /** Names of what is left out. */
  hidden: ReadonlySet<string>;
  /** Whether more than one stream is shown, so that a line says which. */
  streams: boolean;
}

// Fields that a line shows.
const CHIPS = 3;

// What is as usual needs no badge.
const USUAL = new Set(["", "log", "logging"]);

interface LineProps {
  row: RecordRow;
  style: LineStyle;
}

/** One record in one line: drawn again only when there is anything else to see. */
export class Line extends Component<LineProps> {
  override shouldComponentUpdate(next: LineProps): boolean {
    const { row, style } = this.props;
    return (
      next.style !== style || next.row.key !== row.key || next.row.marked !== row.marked || !sameHits(next.row, row)
    );
  }

  override render({ row, style }: LineProps): JSX.Element {
    const shows = (name: string) => !style.hidden.has(name);
    return (
      <>
        {shows("time") && <Time time={row.time} style={style} />}
        <span class="log-level" title={row.level}>
          {visible(row.level)}
        </span>
        {style.streams && shows("stream") && (
          <span class="log-stream" style={{ "--hue": String(hueOf(row.hue)) }} title={visible(row.stream)}>
            {visible(row.stream)}
          </span>
        )}
        <span class="log-text">
          {shows("source") && <Badges row={row} />}
          {row.logger && shows("logger") && <span class="log-logger">{visible(row.logger)} </span>}
          <span class="log-message">
            <Text text={style.wrap ? row.message : row.text} hits={row.hits} ansi={style.ansi} />
          </span>
          {row.exception && <span class="log-exception"> {visible(row.exception)}</span>}
          {shows("fields") && <Chips row={row} hidden={style.hidden} />}
          {row.marked && <span class="unseen">, marked</span>}
        </span>
        <More row={row} wrap={style.wrap} />
      </>
    );
  }
}

function Time({ time, style: { clock, now } }: { time: number; style: LineStyle }) {
  return (
    <span class="log-time" title={fullTime(time)}>
      {shortTime(time, clock, now)}
    </span>
  );
}

/** Where it came from and what kind it is, unless that is as usual. */
function Badges({ row: { source, kind } }: { row: RecordRow }) {
  const names = [...new Set([kind, source])].filter((name) => !USUAL.has(name));
  return (
    <>
      {names.map((name) => (
        <Fragment key={name}>
          <span class="log-badge" data-name={name}>
            {visible(name)}
          </span>{" "}
        </Fragment>
      ))}
    </>
  );
}

/** What there is beyond the line. */
function More({ row, wrap }: { row: RecordRow; wrap: boolean }) {
  const clipped = row.length > row.message.length;
  const parts = [
    row.lines > 1 && (clipped || !wrap) && `+${count(row.lines - 1, "line")}`,
    clipped && size(row.length),
  ].filter(Boolean);
  return parts.length ? <span class="log-more">{parts.join(" · ")}</span> : null;
}

function Chips({ row, hidden }: { row: RecordRow; hidden: ReadonlySet<string> }) {
  const shown = row.fields.filter(([name]) => !hidden.has(name)).slice(0, CHIPS);
  return (
    <>
      {shown.map(([name, value]) => (
        <Fragment key={name}>
          {" "}
          <span class="log-chip">
            <span class="log-chip-name">{visible(name)}=</span>
            {visible(value)}
          </span>
        </Fragment>
      ))}
    </>
  );
}

/** Neighbouring streams get colours far apart: steps of the golden angle. */
export function hueOf(index: number): number {
  return Math.round((index * 137.508 + 200) % 360);
}

function sameHits({ hits: one }: RecordRow, { hits: other }: RecordRow): boolean {
  return (
    one.length === other.length &&
    one.every(([start, end], index) => other[index]?.[0] === start && other[index]?.[1] === end)
  );
}
