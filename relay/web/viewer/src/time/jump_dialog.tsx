import { useState } from "preact/hooks";
import { close } from "../state/dialog.ts";
import { agoText, longText } from "./calendar.ts";
import { jump } from "./jump.ts";
import { EXAMPLES, type Meaning, understand } from "./meaning.ts";
import { zone } from "./zone.ts";
import "./jump_dialog.css";

/** Asks where to go, and says what was understood before anything is done. */
export default function JumpDialog() {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const now = Date.now();
  const meaning = understand(text, now, zone.value);

  async function go() {
    if (meaning.what === "unclear" || busy) return setProblem(meaning.what === "unclear" ? meaning.why : "");
    setBusy(true);
    const wrong = await jump(meaning).catch((error: unknown) =>
      error instanceof Error ? error.message : String(error),
    );
    setBusy(false);
    if (wrong) setProblem(wrong);
    else close();
  }

  function type(value: string) {
    setText(value);
    setProblem("");
  }

  return (
    <form
      class="jump"
      onSubmit={(event) => {
        event.preventDefault();
        void go();
      }}
    >
      <h2 id="jump-title">Jump to a time or a record</h2>
      <div class="jump-line">
        <input
          aria-labelledby="jump-title"
          aria-describedby="jump-meaning"
          autocomplete="off"
          autofocus
          maxLength={300}
          placeholder="10 min ago"
          spellcheck={false}
          value={text}
          onInput={(event) => type(event.currentTarget.value)}
        />
        <button class="main" disabled={busy} type="submit">
          {busy ? "Looking…" : "Go"}
        </button>
      </div>
      <p class={problem ? "jump-meaning wrong" : "jump-meaning"} id="jump-meaning" role="status">
        {problem || (text.trim() ? meaningText(meaning, now) : "")}
      </p>
      <p class="jump-examples">
        For example{" "}
        {EXAMPLES.map((example) => (
          <button key={example} type="button" onClick={() => type(example)}>
            {example}
          </button>
        ))}
        a record's ID, or a link to one.
      </p>
    </form>
  );
}

function meaningText(meaning: Meaning, now: number): string {
  switch (meaning.what) {
    case "now":
      return "What comes now.";
    case "time":
      return `${longText(meaning.time, zone.value)} · ${agoText(meaning.time, now)}`;
    case "record":
      return `The record ${meaning.record}, with what stands around it.`;
    case "id":
      return `The record ${meaning.id} of one of the streams shown.`;
    case "unclear":
      return meaning.why;
  }
}
