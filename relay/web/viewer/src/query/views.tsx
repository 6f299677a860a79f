import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { dismiss } from "../dialogs.tsx";
import { copyText } from "../export/clipboard.ts";
import { visible } from "../list/text.ts";
import { readView } from "../state/address.ts";
import { look, view } from "../state/view.ts";
import { viewLink } from "./link.ts";
import {
  exported,
  imported,
  nameProblem,
  renamedView,
  type SavedView,
  savedViews,
  withoutView,
  withView,
} from "./saved.ts";
import "./views.css";

/** Bytes of a file of views: far more than the most views take. */
const LARGEST_FILE = 4 << 20;

interface Notice {
  text: string;
  undo?: () => void;
}

/** Saved views: to open, name, replace, remove, and to take elsewhere. */
export default function Views() {
  const [notice, setNotice] = useState<Notice>({ text: "" });
  const replace = (views: SavedView[], text: string) => {
    const before = savedViews.peek();
    savedViews.value = views;
    setNotice({ text, undo: () => replace(before, "It is as it was.") });
  };
  return (
    <div class="views">
      <h2>Saved views</h2>
      <SaveForm save={replace} />
      {savedViews.value.length ? (
        <ul class="view-list">
          {savedViews.value.map((saved) => (
            <ViewRow key={saved.name} saved={saved} save={replace} />
          ))}
        </ul>
      ) : (
        <p class="none">None yet. What is saved here stays in this browser.</p>
      )}
      <p class="view-notice" role="status">
        {notice.text} {notice.undo && notice.text && <UndoButton undo={notice.undo} />}
      </p>
      <Link />
      <Files save={replace} fail={(text) => setNotice({ text })} />
    </div>
  );
}

type Save = (views: SavedView[], text: string) => void;

function UndoButton({ undo }: { undo: () => void }) {
  return (
    <button type="button" onClick={undo}>
      Undo
    </button>
  );
}

function SaveForm({ save }: { save: Save }) {
  const [name, setName] = useState("");
  const [problem, setProblem] = useState("");
  const known = savedViews.value.some((each) => each.name === name.trim());
  const field = useRef<HTMLInputElement>(null);
  const onSubmit = (event: Event) => {
    event.preventDefault();
    // What stands there now: Enter may follow the last letter before that was drawn.
    const name = field.current?.value ?? "";
    const wrong = nameProblem(savedViews.peek(), name);
    setProblem(wrong);
    if (wrong) return;
    save(withView(savedViews.peek(), name, view.peek()), `“${name.trim()}” is saved.`);
    setName("");
  };
  return (
    <form class="view-form" onSubmit={onSubmit}>
      <label for="view-name">Name</label>
      <input
        ref={field}
        id="view-name"
        type="text"
        autocomplete="off"
        maxLength={80}
        value={name}
        aria-invalid={problem !== ""}
        aria-describedby={problem ? "view-problem" : undefined}
        onInput={(event) => setName(event.currentTarget.value)}
      />
      <button type="submit">{known ? "Replace" : "Save this view"}</button>
      {problem && (
        <p id="view-problem" class="problem">
          {problem}
        </p>
      )}
    </form>
  );
}

function ViewRow({ saved, save }: { saved: SavedView; save: Save }) {
  const [renaming, setRenaming] = useState(false);
  const { name, address } = saved;
  const openView = () => {
    dismiss();
    look(readView(address), { step: true });
  };
  if (renaming) return <RenameRow name={name} save={save} done={() => setRenaming(false)} />;
  return (
    <li>
      <button type="button" class="view-open" onClick={openView}>
        <b>{visible(name)}</b> <span class="view-says">{visible(described(address))}</span>
      </button>
      <button type="button" aria-label={`Rename ${name}`} onClick={() => setRenaming(true)}>
        Rename
      </button>
      <button
        type="button"
        aria-label={`Replace ${name} by this view`}
        onClick={() => save(withView(savedViews.peek(), name, view.peek()), `“${name}” is what is shown now.`)}
      >
        Replace
      </button>
      <button
        type="button"
        aria-label={`Remove ${name}`}
        onClick={() => save(withoutView(savedViews.peek(), name), `“${name}” is removed.`)}
      >
        Remove
      </button>
    </li>
  );
}

function RenameRow({ name, save, done }: { name: string; save: Save; done: () => void }) {
  const [wanted, setWanted] = useState(name);
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => field.current?.focus(), []);
  const isTaken = (to: string) => to.trim() !== name && savedViews.value.some((each) => each.name === to.trim());
  const onSubmit = (event: Event) => {
    event.preventDefault();
    const to = field.current?.value ?? "";
    if (isTaken(to) || nameProblem(savedViews.peek(), to)) return;
    save(renamedView(savedViews.peek(), name, to), `“${name}” is “${to.trim()}” now.`);
    done();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.preventDefault(); // the dialog stays
    done();
  };
  const taken = isTaken(wanted);
  return (
    <li>
      <form class="view-form" onSubmit={onSubmit}>
        <input
          ref={field}
          type="text"
          aria-label={`New name of ${name}`}
          maxLength={80}
          value={wanted}
          aria-invalid={taken}
          onInput={(event) => setWanted(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
        <button type="submit" disabled={taken || !wanted.trim()}>
          {taken ? "Taken" : "Rename"}
        </button>
        <button type="button" onClick={done}>
          Cancel
        </button>
      </form>
    </li>
  );
}

function Link() {
  const field = useRef<HTMLInputElement>(null);
  const [told, setTold] = useState("");
  const copy = () =>
    copyText(viewLink()).then(
      () => setTold("Copied."),
      () => {
        field.current?.select();
        setTold("This browser does not let the page copy: the link is selected.");
      },
    );
  return (
    <div class="view-form">
      <label for="view-link">Link</label>
      <input ref={field} id="view-link" type="text" readOnly value={viewLink()} />
      <button type="button" onClick={copy}>
        Copy link
      </button>
      <p role="status" class="view-says">
        {told}
      </p>
    </div>
  );
}

function Files({ save, fail }: { save: Save; fail: (text: string) => void }) {
  const chooser = useRef<HTMLInputElement>(null);
  const onChange = async () => {
    const file = chooser.current?.files?.[0];
    if (!file) return;
    try {
      if (file.size > LARGEST_FILE) throw new Error("This file is too large to be one of views.");
      const { views, added } = imported(savedViews.peek(), await file.text());
      save(views, `${added} imported.`);
    } catch (error) {
      fail(error instanceof Error ? error.message : String(error));
    }
    if (chooser.current) chooser.current.value = "";
  };
  return (
    <div class="view-files">
      <button type="button" disabled={!savedViews.value.length} onClick={saveFile}>
        Export
      </button>
      <button type="button" onClick={() => chooser.current?.click()}>
        Import
      </button>
      <input ref={chooser} type="file" accept=".json,application/json" hidden aria-label="File" onChange={onChange} />
    </div>
  );
}

function saveFile(): void {
  const url = URL.createObjectURL(new Blob([exported(savedViews.peek())], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = "tailrace-views.json";
  link.click();
  URL.revokeObjectURL(url);
}

/** What a view shows, in short. */
function described(address: string): string {
  const { services, streams, levels, sources, query, since, until, record, run } = readView(address);
  const parts = [...services, ...streams, ...levels, ...sources, query, record, run];
  if (since || until) parts.push(`${since || "…"} – ${until || "now"}`);
  return parts.filter(Boolean).join(" · ");
}
