/** What is on the page of a list. */
export interface Elements {
  /** What scrolls. */
  scroller: HTMLElement;
  /** As high as all rows. */
  content: HTMLElement;
  /** The rows that are drawn. */
  block: HTMLElement;
}

/** What is told of what a person does to scroll. */
export interface Told {
  scrolled(top: number): void;
  /** The wheel was turned, perhaps at an end, where nothing scrolls. */
  wheeled(down: boolean): void;
  /** A finger or a button is down in the list, or none is any more. */
  held(held: boolean): void;
  /** Somebody does what cannot be done while a list follows: selects text, or takes hold of the scrollbar. */
  stays(): void;
}

/** Listens to mouse, fingers and selection in a list; the answer ends that. */
export function listen({ scroller, block }: Elements, told: Told): () => void {
  const listening = new AbortController();
  const options = { passive: true, signal: listening.signal };
  scroller.addEventListener("scroll", () => told.scrolled(scroller.scrollTop), options);
  scroller.addEventListener("wheel", (event) => turned(event, told), options);
  scroller.addEventListener("pointerdown", (event) => pressed(event, scroller, told), options);
  scroller.addEventListener("touchstart", () => told.held(true), options);
  for (const name of ["pointerup", "touchend", "touchcancel"]) addEventListener(name, () => told.held(false), options);
  document.addEventListener("selectionchange", () => isSelectingIn(block) && told.stays(), options);
  return () => listening.abort();
}

function turned({ deltaY, ctrlKey }: WheelEvent, told: Told): void {
  if (deltaY && !ctrlKey) told.wheeled(deltaY > 0);
}

/** A scrollbar does not say when it is let go. */
function pressed({ target, offsetX }: PointerEvent, scroller: HTMLElement, told: Told): void {
  if (target === scroller && offsetX >= scroller.clientWidth) told.stays();
  else told.held(true);
}

function isSelectingIn(block: HTMLElement): boolean {
  const selection = getSelection();
  return selection !== null && !selection.isCollapsed && block.contains(selection.anchorNode);
}
