import type { RefObject } from "preact";
import { engine } from "../state/page.ts";
import { following, paused, setFollowing, setPaused } from "../state/reading.ts";
import { question, wholeQuery } from "../state/view.ts";
import { emptyWords, unseenWords } from "./floating_words.ts";
import type { Scroller } from "./scroller.ts";

import "./floating.css";

interface Props {
  scroller: Scroller;
  box: RefObject<HTMLElement | null>;
}

/** What floats above a list: that history comes, that there is nothing to see, and what came meanwhile. */
export function Floating({ scroller, box }: Props) {
  return (
    <>
      <PageStrip scroller={scroller} side="older" />
      <Empty scroller={scroller} />
      <PageStrip scroller={scroller} side="newer" />
      <Pill scroller={scroller} box={box} />
    </>
  );
}

/** Why there is nothing to see, in words. */
function Empty({ scroller: { list } }: { scroller: Scroller }) {
  const words = emptyWords(engine.frame.value, list, question.value !== null, wholeQuery.value);
  return words ? <p class="log-empty">{words}</p> : null;
}

/** What came since the list is not followed; pressed, it is followed again. */
function Pill({ scroller: { list }, box }: Props) {
  const frame = engine.frame.value;
  // Where only the end was let go of, the newest are one press away; what is asked about the past has none.
  const isPast = frame?.mode === "past" && (question.value?.record || question.value?.until);
  if (!frame || isPast || (following.value[list] && !paused.value)) return null;
  const words = unseenWords(frame.lists[list].unseen);
  const goOn = () => {
    setPaused(false);
    setFollowing(list, true);
    box.current?.focus();
  };
  return (
    <button type="button" class="log-pill" data-errors={frame.lists[list].unseen.errors > 0} onClick={goOn}>
      <span aria-hidden="true">↓ </span>
      {words || "Follow"}
    </button>
  );
}

/** That history is being fetched, or could not be. */
function PageStrip({ scroller, side }: { scroller: Scroller; side: "older" | "newer" }) {
  const pages = scroller[side];
  const state = pages.state.value;
  if (state === "busy") return <p class={`log-strip log-strip-${side}`}>Loading {side} records…</p>;
  if (state !== "failed") return null;
  const again = () => {
    pages.renew();
    scroller.redraw();
  };
  return (
    <p class={`log-strip log-strip-${side} log-strip-failed`}>
      The {side} records did not come: {pages.reason.value}
      <button type="button" onClick={again}>
        Try again
      </button>
    </p>
  );
}
