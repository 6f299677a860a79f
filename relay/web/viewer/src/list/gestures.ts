import type { TargetedMouseEvent, TargetedPointerEvent } from "preact";
import type { ListName } from "../engine/protocol.ts";
import type { Row } from "../engine/rows.ts";
import { active, current, selected, setFollowing, toggleExpanded } from "../state/reading.ts";
import type { Scroller } from "./scroller.ts";
import { choose, chooseOrExtend, extend } from "./selection.ts";

// px that a list is scrolled by while rows are chosen beyond its edge.
const EDGE_STEP = 30;

/** What a person does with a mouse or a finger in a list. */
export interface Gestures {
  onClick: (event: TargetedMouseEvent<HTMLElement>) => void;
  onPointerDown: (event: TargetedPointerEvent<HTMLElement>) => void;
  onPointerMove: (event: TargetedPointerEvent<HTMLElement>) => void;
  onPointerUp: (event: TargetedPointerEvent<HTMLElement>) => void;
}

export function gesturesOf(list: ListName, scroller: Scroller): Gestures {
  let choosing = false;
  let byFinger = false;

  function onClick(event: TargetedMouseEvent<HTMLElement>): void {
    const target = event.target as Element;
    const row = rowOf(target, scroller);
    if (!row) return;
    active.value = list;
    current.value = { list, key: row.key, number: row.number };
    if (target.closest(".log-gutter")) {
      // Not before the finger is up: it may have come to scroll.
      if (byFinger) chooseOrExtend(list, row);
      return;
    }
    const own = target.closest("a, button, input, summary, .log-opened");
    if (own || row.type !== "record" || hasSelection()) return;
    setFollowing(list, false);
    toggleExpanded(row.key);
    scroller.opens(row.key);
  }

  function onPointerDown(event: TargetedPointerEvent<HTMLElement>): void {
    const target = event.target as Element;
    byFinger = event.pointerType === "touch";
    if (byFinger) return;
    const row = target.closest(".log-gutter") ? rowOf(target, scroller) : undefined;
    if (!row || event.button !== 0) return;
    choosing = event.pointerType === "mouse";
    if (event.shiftKey) extend(list, row);
    else choose(list, row);
    if (choosing) event.currentTarget.setPointerCapture(event.pointerId);
    if (choosing) event.preventDefault(); // no text is selected meanwhile
    event.currentTarget.focus({ preventScroll: true });
  }

  function onPointerMove(event: TargetedPointerEvent<HTMLElement>): void {
    if (!choosing) return;
    const box = event.currentTarget.getBoundingClientRect();
    if (event.clientY < box.top) event.currentTarget.scrollTop -= EDGE_STEP;
    if (event.clientY > box.bottom) event.currentTarget.scrollTop += EDGE_STEP;
    const y = Math.min(Math.max(event.clientY, box.top + 1), box.bottom - 1);
    const row = rowOf(document.elementFromPoint(box.left + 20, y), scroller);
    if (row && selected.peek()) extend(list, row);
  }

  const onPointerUp = () => {
    choosing = false;
  };
  return { onClick, onPointerDown, onPointerMove, onPointerUp };
}

function rowOf(element: Element | null, scroller: Scroller): Row | undefined {
  const key = Number(element?.closest("[data-key]")?.getAttribute("data-key") ?? Number.NaN);
  return scroller.rows.find((row) => row.key === key);
}

/** Whether text is selected, as a click at the end of a drag leaves it. */
export function hasSelection(): boolean {
  return getSelection()?.isCollapsed === false;
}
