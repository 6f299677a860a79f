import type { LogRecord } from "@tailrace/client";
import { Component, type JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { ListName } from "../engine/protocol.ts";
import type { RecordRow } from "../engine/rows.ts";
import { toggleBookmark } from "../export/bookmarks.ts";
import { permalink } from "../export/links.ts";
import { engine, gateways } from "../state/page.ts";
import { seeAround } from "../time/record.ts";
import "./detail.css";
import { factsOf } from "./facts.ts";
import { filterFor } from "./filtering.ts";
import { LongText } from "./long_text.tsx";
import { Recent } from "./recent.ts";
import { visible } from "./text.ts";
import { Traceback } from "./traceback.tsx";
import { Tree } from "./tree.tsx";
import { copied, ValueButtons } from "./value_buttons.tsx";
import { jsonIn } from "./values.ts";

const recent = new Recent<LogRecord>();

interface DetailProps {
  list: ListName;
  row: RecordRow;
}

/** All of a record, below its line: drawn again only when there is anything else to see. */
export class Detail extends Component<DetailProps> {
  override shouldComponentUpdate({ row }: DetailProps): boolean {
    return row.key !== this.props.row.key || row.marked !== this.props.row.marked;
  }

  override render(props: DetailProps): JSX.Element {
    return <Whole {...props} />;
  }
}

function Whole({ list, row }: DetailProps) {
  const record = useRecord(row.key);
  if (record === undefined) return <p class="detail-wait">Loading…</p>;
  if (record === null) return <p class="detail-wait">This record is no longer held here.</p>;
  return (
    <div class="detail">
      <Buttons list={list} row={row} record={record} />
      <Message row={row} record={record} />
      {record.exception && <Traceback text={record.exception} />}
      {record.fields && <Values title="Fields" path="fields" value={record.fields} />}
      {record.metadata !== undefined && <Values title="Metadata" path="metadata" value={record.metadata} />}
      <Facts record={record} />
    </div>
  );
}

/** undefined until it is there; null when the engine does not hold it any more. */
function useRecord(key: number): LogRecord | null | undefined {
  const [record, setRecord] = useState<LogRecord | null | undefined>(recent.get(key));
  useEffect(() => {
    if (record) return;
    engine.record(key).then(
      (found) => {
        if (found) recent.set(key, found);
        setRecord(found);
      },
      () => setRecord(null),
    );
  }, [key]);
  return record;
}

function Buttons({ list, row, record }: { list: ListName; row: RecordRow; record: LogRecord }) {
  const name = `${row.stream}/${row.id}`;
  const as = (format: "text" | "json") =>
    engine.copy(list, format, { from: row.key, to: row.key }).then(({ text }) => text);
  return (
    <div class="detail-bar">
      <a href={permalink(gateways[0] ?? location.href, name)} title="A link to this record, on any gateway">
        Permalink
      </a>
      <button type="button" onClick={() => seeAround(name)}>
        See in context
      </button>
      {record.trace_id && (
        <button type="button" onClick={() => filterFor("trace_id", record.trace_id ?? "")}>
          Follow trace
        </button>
      )}
      <button type="button" aria-pressed={row.marked} onClick={() => toggleBookmark(row.stream, row.id)}>
        {row.marked ? "★ Marked" : "☆ Mark"}
      </button>
      <button type="button" onClick={() => copied(as("text"), "Copied as text.")}>
        Copy text
      </button>
      <button type="button" onClick={() => copied(as("json"), "Copied as JSON.")}>
        Copy JSON
      </button>
    </div>
  );
}

// Characters of a message that most lines have room for.
const SHORT = 80;

/** A message that the line shows whole needs no second place; one that is JSON is shown as what it holds. */
function Message({ row, record: { message } }: { row: RecordRow; record: LogRecord }) {
  const json = useMemo(() => jsonIn(message), [message]);
  const needsPlace = row.lines > 1 || message.length > SHORT || message.includes("://") || json !== undefined;
  return (
    <>
      {needsPlace && <LongText text={message} label="Message" kind="message" />}
      {json !== undefined && <Values title="Message as JSON" path={null} value={json} message={message} />}
    </>
  );
}

function Values({ title, ...tree }: { title: string; path: string | null; value: unknown; message?: string }) {
  const { value } = tree;
  const isTree = typeof value === "object" && value !== null;
  return (
    <div class="detail-section">
      <p class="detail-title">{title}</p>
      {isTree ? <Tree {...tree} /> : <Tree path={null} value={{ [title]: value }} />}
    </div>
  );
}

function Facts({ record }: { record: LogRecord }) {
  return (
    <div class="detail-section">
      <p class="detail-title">Record</p>
      <dl class="detail-facts">
        {factsOf(record).map(({ name, value, askable }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {visible(String(value))}
              <ValueButtons path={askable ? name : null} value={value} />
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
