import type { Signal } from "@preact/signals";
import type { ComponentChildren, ComponentType } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { useLater } from "../time/part.ts";
import "./popover.css";

/** ms after which a page has loaded what it begins with. What opens later must be there by the time that its gateway is away. */
const REST = 2_000;

const FOCUSABLE = "input, select, button, a[href], [tabindex='0']";

interface Properties {
  /** Whether it is open; keys may open it, too. */
  shown: Signal<boolean>;
  /** Of what opens: its name for screen readers. */
  title: string;
  /** What stands on the button; `label` where that is no text. */
  button: ComponentChildren;
  label?: string;
  class?: string;
  /** Which edges of button and panel lie above each other. */
  align?: "start" | "end";
  /** What it opens; loaded when it is opened first, or before that, as soon as the page has time. */
  load: () => Promise<{ default: ComponentType }>;
}

/** A button, and what it opens below itself. Escape, a click elsewhere or the focus going elsewhere closes it; Escape gives the
 * focus back. */
export function Popover({ shown, title, button, label, align = "start", load, ...more }: Properties) {
  const id = useId();
  const place = useRef<HTMLDivElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const close = () => {
    shown.value = false;
  };
  const opened = shown.value;
  const Content = useLater(load, useRest() || opened);

  useEffect(() => {
    if (!opened || !Content) return;
    const first = panel.current?.querySelector<HTMLElement>(FOCUSABLE);
    (first ?? panel.current)?.focus();
  }, [opened, Content]);
  useEffect(() => {
    if (!opened) return;
    const closeOutside = (event: Event) => {
      if (!place.current?.contains(event.target as Node)) close();
    };
    document.addEventListener("pointerdown", closeOutside);
    return () => document.removeEventListener("pointerdown", closeOutside);
  }, [opened]);

  const hearEscape = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !shown.peek()) return;
    event.stopPropagation();
    event.preventDefault();
    close();
    place.current?.querySelector("button")?.focus();
  };
  // What is pressed in here is not for the lists behind it.
  const keep = (event: KeyboardEvent) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey && event.key !== "Escape") event.stopPropagation();
  };
  const leave = (event: FocusEvent) => {
    const to = event.relatedTarget;
    if (to instanceof Node && !place.current?.contains(to)) close();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only hears what its button and its panel let through
    <div class={`pop ${more.class ?? ""}`} ref={place} onKeyDown={hearEscape} onFocusOut={leave}>
      <button
        type="button"
        class="pop-button"
        aria-haspopup="dialog"
        aria-expanded={opened}
        aria-controls={opened && Content ? id : undefined}
        aria-label={label}
        title={label}
        onClick={() => {
          shown.value = !shown.peek();
        }}
      >
        {button}
      </button>
      {opened && Content && (
        <div
          class={`pop-panel pop-${align}`}
          ref={panel}
          id={id}
          role="dialog"
          aria-label={title}
          tabIndex={-1}
          onKeyDown={keep}
        >
          <Content />
        </div>
      )}
    </div>
  );
}

/** Whether the page has had the time to begin. */
function useRest(): boolean {
  const [rests, setRests] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setRests(true), REST);
    return () => clearTimeout(timer);
  }, []);
  return rests;
}
