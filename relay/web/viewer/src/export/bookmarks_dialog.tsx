import { useRef } from "preact/hooks";
import { visible } from "../list/text.ts";
import { close } from "../state/dialog.ts";
import { gateways } from "../state/page.ts";
import { longText } from "../time/calendar.ts";
import { seeAround, showRecord } from "../time/record.ts";
import { zone } from "../time/zone.ts";
import { jsonOf, markdownOf, merge, sorted } from "./bookmark_files.ts";
import { bookmarks, keep, removeBookmark, writeNote } from "./bookmarks.ts";
import { copyText } from "./clipboard.ts";
import { permalink } from "./links.ts";
import { type Bookmark, LONGEST_NOTE, nameOf } from "./notebook.ts";
import { attempt, complain, notice, say } from "./notice.ts";
import { saveFile } from "./saving.ts";
import "./bookmarks_dialog.css";

// Bytes of a file that is read; a thousand bookmarks with the longest notes are below it.
const LARGEST = 4 << 20;

/** All bookmarks with their notes, and the ways out of this browser and into it. */
export default function BookmarksDialog() {
  const shown = sorted(bookmarks.value);
  return (
    <div class="marks">
      <h2>Bookmarks and notes</h2>
      {shown.length ? (
        <ol>
          {shown.map((bookmark) => (
            <Entry bookmark={bookmark} key={nameOf(bookmark)} />
          ))}
        </ol>
      ) : (
        <p class="marks-none">None yet. The key m marks the current row; marks stay in this browser.</p>
      )}
      <p class={notice.value?.wrong ? "marks-said wrong" : "marks-said"}>{notice.value?.text}</p>
      <Files empty={!shown.length} />
    </div>
  );
}

function Entry({ bookmark }: { bookmark: Bookmark }) {
  const { stream, id, time, level, text, note } = bookmark;
  const name = nameOf(bookmark);
  const when = time ? longText(Date.parse(time), zone.value) : "";
  return (
    <li>
      <div class="marks-head">
        <a
          href={permalink(gateways[0] ?? "", name)}
          onClick={(event) => {
            if (event.ctrlKey || event.metaKey || event.shiftKey) return;
            event.preventDefault();
            close();
            attempt(showRecord(name).then((found) => found || seeAround(name)));
          }}
        >
          {when || id}
        </a>
        <button aria-label={`Remove the bookmark of ${name}`} type="button" onClick={() => removeBookmark(name)}>
          Remove
        </button>
      </div>
      <span class="marks-place">
        {visible(level)} {stream}
      </span>
      {text && <code>{visible(text)}</code>}
      <textarea
        aria-label={`Note to ${name}`}
        maxLength={LONGEST_NOTE}
        placeholder="Note"
        rows={note.split("\n").length}
        value={note}
        onInput={(event) => writeNote(name, event.currentTarget.value)}
      />
    </li>
  );
}

function Files({ empty }: { empty: boolean }) {
  const file = useRef<HTMLInputElement>(null);
  const gateway = gateways[0] ?? "";
  return (
    <div class="marks-files">
      <button
        disabled={empty}
        type="button"
        onClick={() => saveFile("tailrace-bookmarks.json", jsonOf(bookmarks.peek(), gateway), "application/json")}
      >
        Save JSON
      </button>
      <button
        disabled={empty}
        type="button"
        onClick={() => saveFile("tailrace-bookmarks.md", markdownOf(bookmarks.peek(), gateway), "text/markdown")}
      >
        Save Markdown
      </button>
      <button
        disabled={empty}
        type="button"
        onClick={() =>
          attempt(copyText(markdownOf(bookmarks.peek(), gateway)).then(() => say("Copied all bookmarks as Markdown.")))
        }
      >
        Copy Markdown
      </button>
      <button type="button" onClick={() => file.current?.click()}>
        Import…
      </button>
      <input
        accept=".json,application/json"
        aria-label="File of bookmarks"
        class="unseen"
        ref={file}
        tabIndex={-1}
        type="file"
        onChange={(event) => {
          const [chosen] = event.currentTarget.files ?? [];
          if (chosen) attempt(take(chosen));
          event.currentTarget.value = "";
        }}
      />
    </div>
  );
}

async function take(file: File): Promise<void> {
  if (file.size > LARGEST) throw new Error(`${file.name} is larger than bookmarks ever are.`);
  const values = parsed(await file.text());
  if (!Array.isArray(values))
    throw new Error(`${file.name} has no bookmarks in it: right would be a file that “Save JSON” wrote.`);
  const { bookmarks: all, added, known, refused } = merge(bookmarks.peek(), values);
  keep(all);
  const parts = [`${added} added`, known && `${known} were there already`, refused && `${refused} refused`];
  (refused ? complain : say)(`Of ${file.name}: ${parts.filter(Boolean).join(", ")}.`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // what is no JSON is said to have no bookmarks
  }
}
