import { Component, type JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { ansi } from "../state/preferences.ts";
import { chunksOf } from "./chunks.ts";
import { FoundText } from "./found_text.tsx";
import { size } from "./words.ts";

// Characters that are shown at first.
const FIRST = 10_000;

// Pieces that are added in one frame.
const PACE = 8;

/** A text of any length. What is longer than a few screens is shown when asked for, piece by piece, so that the page stays quick. */
export function LongText({ text, label, kind }: { text: string; label: string; kind: string }) {
  const [wanted, setWanted] = useState(false);
  const isLong = text.length > FIRST;
  const chunks = useChunks(text, wanted || !isLong);
  return (
    <div class={`detail-text detail-${kind}`}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: keys must reach what scrolls */}
      {/* biome-ignore lint/a11y/useSemanticElements: a landmark for each record would be too many */}
      <div role="group" class="detail-scroll" aria-label={label} tabIndex={0}>
        {chunks.map((chunk, index) => (
          <Chunk key={index} text={chunk} ansi={ansi.value} />
        ))}
      </div>
      {isLong && !wanted && (
        <button type="button" onClick={() => setWanted(true)}>
          Show all {size(text.length)}
        </button>
      )}
    </div>
  );
}

/** A piece that never changes. */
class Chunk extends Component<{ text: string; ansi: boolean }> {
  override shouldComponentUpdate(next: { text: string; ansi: boolean }): boolean {
    return next.text !== this.props.text || next.ansi !== this.props.ansi;
  }

  override render({ text, ansi }: { text: string; ansi: boolean }): JSX.Element {
    return (
      <div class="detail-chunk">
        <FoundText text={text} ansi={ansi} />
      </div>
    );
  }
}

/** The pieces of a text that are there yet: the beginning, and when all is wanted, some more with each frame. */
function useChunks(text: string, all: boolean): string[] {
  const source = useMemo(() => chunksOf(all ? text : text.slice(0, FIRST)), [text, all]);
  const [, setTurn] = useState(0);
  const chunks = useMemo(() => [...take(source, PACE)], [source]);
  useEffect(() => {
    let frame = 0;
    const add = () => {
      const more = [...take(source, PACE)];
      chunks.push(...more);
      setTurn((turn) => turn + 1);
      if (more.length) frame = requestAnimationFrame(add);
    };
    if (chunks.length === PACE) frame = requestAnimationFrame(add);
    return () => cancelAnimationFrame(frame);
  }, [source]);
  return chunks;
}

function* take(source: Generator<string>, most: number): Generator<string> {
  for (let taken = 0; taken < most; taken += 1) {
    const { value, done } = source.next();
    if (done) return;
    yield value;
  }
}
