import { signal } from "@preact/signals";
import type { ComponentType } from "preact";

/** A window of its own above the page, loaded when it is first opened. */
export type Dialog = () => Promise<{ default: ComponentType }>;

/** The one that is open: another object each time, also where the same one is opened again. */
export const dialog = signal<{ load: Dialog } | null>(null);

export function open(load: Dialog): void {
  dialog.value = { load };
}

export function close(): void {
  dialog.value = null;
}
