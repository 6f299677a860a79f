import type { ComponentChildren, ComponentType } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { close, dialog } from "./state/dialog.ts";
import "./dialogs.css";

/** The dialog that is open, in the browser's own modal element: it keeps the focus and gives it back, and Escape ends it. */
export function Dialogs() {
  const opened = dialog.value;
  return opened ? <Loaded key={opened} opened={opened} /> : null;
}

/** Ends the open dialog now, not with the next frame: what comes next may take the focus or open another one. */
export function dismiss(): void {
  document.querySelector<HTMLDialogElement>("dialog[open]")?.close();
  close();
}

type Opened = NonNullable<typeof dialog.value>;

function Loaded({ opened }: { opened: Opened }) {
  const [Shown, setShown] = useState<ComponentType | null>(null);
  useEffect(() => {
    let wanted = true;
    const show = (component: ComponentType) => wanted && setShown(() => component);
    opened.load().then(
      ({ default: component }) => show(component),
      () => show(Missing),
    );
    return () => {
      wanted = false;
    };
  }, [opened]);
  return (
    Shown && (
      <Modal opened={opened}>
        <Shown />
      </Modal>
    )
  );
}

function Modal({ opened, children }: { opened: Opened; children: ComponentChildren }) {
  const element = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const modal = element.current;
    if (!modal) return undefined;
    nameByHeading(modal);
    modal.showModal();
    return () => modal.close();
  }, []);
  // Perhaps another one has been opened meanwhile.
  const ended = () => dialog.peek() === opened && close();
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape does by keys what a press beside it does
    <dialog
      ref={element}
      class="dialog"
      onCancel={ended}
      onClose={ended}
      onClick={(event) => isBeside(event) && close()}
    >
      {children}
      <button type="button" class="dialog-close" aria-label="Close" title="Close (Esc)" onClick={close}>
        ×
      </button>
    </dialog>
  );
}

function nameByHeading(modal: HTMLElement): void {
  const heading = modal.querySelector("h1, h2");
  if (!heading) return;
  heading.id ||= "dialog-heading";
  modal.setAttribute("aria-labelledby", heading.id);
}

/** What is beside a dialog counts as it, too. A key that presses a button has no place. */
function isBeside({ target, currentTarget, clientX, clientY }: MouseEvent): boolean {
  if (target !== currentTarget || !(target instanceof Element)) return false;
  const { left, right, top, bottom } = target.getBoundingClientRect();
  return clientX < left || clientX > right || clientY < top || clientY > bottom;
}

function Missing() {
  return (
    <>
      <h2>This could not be loaded</h2>
      <p>The gateway that serves this page does not answer. Once it does, the same key or button opens this.</p>
    </>
  );
}
