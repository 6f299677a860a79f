import type { DownloadFormat } from "@tailrace/client";
import { useEffect, useRef, useState } from "preact/hooks";
import type { EngineQuestion } from "../engine/protocol.ts";
import { engine, gateways, isOpen } from "../state/page.ts";
import { selected } from "../state/reading.ts";
import { question, view } from "../state/view.ts";
import { count as counted, number } from "../status/numbers.ts";
import { streamsShown } from "../time/streams.ts";
import { bookmarks } from "./bookmarks.ts";
import { chosenFile, countShown } from "./chosen.ts";
import { copyCommand, copyLink, copyRecords } from "./copying.ts";
import { downloadLink, selectionOf } from "./links.ts";
import { button, closePanel, openBookmarks, panel } from "./menu.tsx";
import { fileName } from "./naming.ts";
import { attempt, say } from "./notice.ts";
import { saveFile } from "./saving.ts";
import "./panel.css";

const FORMATS = [
  ["txt", "text", "text/plain"],
  ["json", "json", "application/json"],
  ["jsonl", "jsonl", "application/x-ndjson"],
  ["csv", "csv", "text/csv"],
] as const;

// px: what panel.css has for its width, and what stays free beside it.
const WIDTH = 330;
const MARGIN = 8;

/** What can be kept, and as what. */
export default function Panel() {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => element.current?.querySelector<HTMLElement>("button:enabled, a, select")?.focus(), []);
  useEffect(() => {
    const leave = (event: Event) => {
      if (!isInside(event.target)) closePanel({ focus: false });
    };
    addEventListener("pointerdown", leave);
    addEventListener("resize", leave);
    return () => {
      removeEventListener("pointerdown", leave);
      removeEventListener("resize", leave);
    };
  }, []);
  const isInside = (target: EventTarget | null) =>
    target instanceof Node && [element.current, button.peek()].some((each) => each?.contains(target));
  const { top, right } = panel.value ?? { top: 0, right: 0 };
  const place = Math.max(MARGIN, Math.min(right, innerWidth - WIDTH - MARGIN));
  return (
    <div
      class="keep"
      aria-label="Download and copy"
      ref={element}
      role="dialog"
      style={{ top: `${top}px`, right: `${place}px` }}
      onFocusOut={(event) => event.relatedTarget && !isInside(event.relatedTarget) && closePanel({ focus: false })}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        closePanel();
      }}
    >
      <Shown />
      <History />
      <Copy />
      <button class="keep-wide" type="button" onClick={openBookmarks}>
        Bookmarks and notes{bookmarks.value.length ? ` (${bookmarks.value.length})` : ""}…
      </button>
    </div>
  );
}

function Shown() {
  const count = countShown();
  return (
    <fieldset>
      <legend>Download {selected.value ? "the selected rows" : `what is shown (${number(count)})`}</legend>
      <div class="keep-row">
        {FORMATS.map(([format, as, type]) => (
          <button disabled={!count} key={format} type="button" onClick={() => attempt(downloadShown(format, as, type))}>
            {format.toUpperCase()}
          </button>
        ))}
      </div>
    </fieldset>
  );
}

async function downloadShown(suffix: string, as: (typeof FORMATS)[number][1], type: string): Promise<void> {
  const { file, records } = await chosenFile(as);
  const name = nameOf(suffix);
  saveFile(name, new Blob([file], { type: `${type};charset=utf-8` }));
  say(`${counted(records, "record")} saved as ${name}.`);
  closePanel();
}

function nameOf(suffix: string): string {
  return fileName(view.peek(), suffix);
}

/** The gateway's own files, of one stream each. */
function History() {
  const asked = question.value;
  const streams = useStreams(asked);
  const [picked, setPicked] = useState("");
  const stream = streams.includes(picked) ? picked : (streams[0] ?? "");
  const several = streams.length > 1;
  return (
    <fieldset>
      <legend>All history that matches{several ? ", a stream at a time" : ""}</legend>
      {several && (
        <select aria-label="Stream" value={stream} onChange={(event) => setPicked(event.currentTarget.value)}>
          {streams.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      )}
      <div class="keep-row">
        {FORMATS.map(([format]) =>
          asked && stream && isOpen.value ? (
            <a class="button" download="" href={downloadLink(gateways[0] ?? "", stream, format, asked)} key={format}>
              {format.toUpperCase()}
            </a>
          ) : (
            <button
              disabled={!asked || !stream}
              key={format}
              type="button"
              onClick={() => attempt(downloadHistory(stream, format))}
            >
              {format.toUpperCase()}
            </button>
          ),
        )}
      </div>
    </fieldset>
  );
}

/** The streams of what is asked; none until it is known which. */
function useStreams(asked: EngineQuestion | null): string[] {
  const [streams, setStreams] = useState<string[]>([]);
  useEffect(() => {
    let isOver = false;
    setStreams([]);
    attempt(streamsShown().then((found) => isOver || setStreams(found)));
    return () => {
      isOver = true;
    };
  }, [asked]);
  return streams;
}

/** With a token the file comes by way of the page: no address may have one in it. */
async function downloadHistory(stream: string, format: DownloadFormat): Promise<void> {
  const asked = question.peek();
  if (!asked) return;
  say(`The gateway writes the history of ${stream}…`);
  const file = await engine.download(stream, format, selectionOf(asked));
  const name = fileName({ services: [], streams: [stream] }, format);
  saveFile(name, file);
  say(`Saved as ${name}.`);
}

function Copy() {
  const count = countShown();
  const done = (copying: Promise<void>) => attempt(copying.then(() => closePanel()));
  return (
    <fieldset>
      <legend>Copy {selected.value ? "the selected rows" : "what is shown"}</legend>
      <div class="keep-row">
        <button disabled={!count} type="button" aria-label="Copy as text" onClick={() => done(copyRecords("text"))}>
          Text
        </button>
        <button disabled={!count} type="button" aria-label="Copy as JSON" onClick={() => done(copyRecords("json"))}>
          JSON
        </button>
        <button
          disabled={!question.value}
          type="button"
          aria-label="Copy as command"
          onClick={() => done(copyCommand())}
        >
          Command
        </button>
        <button type="button" aria-label="Copy link" onClick={() => done(copyLink())}>
          Link
        </button>
      </div>
    </fieldset>
  );
}
