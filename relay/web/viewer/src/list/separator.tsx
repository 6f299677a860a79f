import type { TargetedKeyboardEvent, TargetedPointerEvent } from "preact";
import { useEffect, useState } from "preact/hooks";
import { share } from "../state/preferences.ts";
import "./separator.css";

// Parts of the room that a panel has at least, and that a key moves the separator by.
const LEAST = 0.15;
const STEP = 0.02;
// As in separator.css: a narrower page has the panels one above the other.
const STACKED = "(max-width: 640px)";

/** Between two panels: moved by mouse, finger and keys. */
export function Separator() {
  const isStacked = useMedia(STACKED);
  const drag = (event: TargetedPointerEvent<HTMLElement>) => {
    const panels = event.currentTarget.parentElement;
    if (!event.currentTarget.hasPointerCapture(event.pointerId) || !panels) return;
    const box = panels.getBoundingClientRect();
    move(isStacked ? (event.clientY - box.top) / box.height : (event.clientX - box.left) / box.width);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a rule cannot be moved
    <div
      class="separator"
      role="separator"
      tabIndex={0}
      aria-label="Room of the System panel"
      aria-orientation={isStacked ? "horizontal" : "vertical"}
      aria-valuenow={Math.round(share.value * 100)}
      aria-valuemin={LEAST * 100}
      aria-valuemax={(1 - LEAST) * 100}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={drag}
      onKeyDown={onKey}
      onDblClick={() => move(0.5)}
    />
  );
}

function onKey(event: TargetedKeyboardEvent<HTMLElement>): void {
  const to = {
    ArrowLeft: share.peek() - STEP,
    ArrowUp: share.peek() - STEP,
    ArrowRight: share.peek() + STEP,
    ArrowDown: share.peek() + STEP,
    Home: LEAST,
    End: 1 - LEAST,
  }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  move(to);
}

function move(to: number): void {
  share.value = Math.round(Math.min(1 - LEAST, Math.max(LEAST, to)) * 1000) / 1000;
}

function useMedia(query: string): boolean {
  const [fits, setFits] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const listen = () => setFits(media.matches);
    listen();
    media.addEventListener("change", listen);
    return () => media.removeEventListener("change", listen);
  }, [query]);
  return fits;
}
