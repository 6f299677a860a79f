import { useMemo, useState } from "preact/hooks";
import { count } from "../status/numbers.ts";
import { FoundText, hitsIn } from "./found_text.tsx";
import { LongText } from "./long_text.tsx";
import { type Stretch, stretchesOf } from "./traceback.ts";

// Characters of a traceback that is read frame by frame; a longer one is a text.
const MOST = 200_000;

/** A traceback: a program's own frames open, those of libraries folded and dimmed. */
export function Traceback({ text }: { text: string }) {
  const stretches = useMemo(() => (text.length > MOST ? null : stretchesOf(text)), [text]);
  if (!stretches) return <LongText text={text} label="Exception" kind="exception" />;
  return (
    <div class="detail-text detail-exception">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: keys must reach what scrolls */}
      {/* biome-ignore lint/a11y/useSemanticElements: a landmark for each record would be too many */}
      <div role="group" class="detail-scroll" aria-label="Exception" tabIndex={0}>
        {stretches.map((stretch, index) => (
          <Frames key={index} stretch={stretch} />
        ))}
      </div>
    </div>
  );
}

function Frames({ stretch: { kind, text, frames } }: { stretch: Stretch }) {
  const [chosen, setChosen] = useState<boolean | null>(null);
  if (kind !== "library") {
    return (
      <div class={`frames-${kind}`}>
        <FoundText text={text} ansi={false} />
      </div>
    );
  }
  // What is looked for is not folded away.
  const open = chosen ?? hitsIn(text).length > 0;
  return (
    <div class="frames-library">
      <button type="button" aria-expanded={open} onClick={() => setChosen(!open)}>
        <span aria-hidden="true">{open ? "▾" : "▸"} </span>
        {count(frames, "library frame")}
      </button>
      {open && (
        <div>
          <FoundText text={text} ansi={false} />
        </div>
      )}
    </div>
  );
}
