import { signal } from "@preact/signals";
import type { ComponentType } from "preact";

/** A window of its own above the page, loaded when it is first opened. */
export type Dialog = () => Promise<{ default: ComponentType }>;

/** The one that is open. */
export const dialog = signal<Dialog | null>(null);

export function open(which: Dialog): void {
  dialog.value = which;
}

export function close(): void {
  dialog.value = null;
}
