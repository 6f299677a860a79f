import { effect, signal } from "@preact/signals";
import { engine } from "../state/page.ts";
import { awaySince } from "./connection.ts";

/** Since when no gateway has answered, in ms since 1970; null while one does. */
export const away = signal<number | null>(Date.now());

/** Since when a gateway answers and nobody knows how the services are. */
export const unknown = signal<number | null>(null);

effect(() => {
  const connection = engine.frame.value?.state.connection ?? "connecting";
  away.value = awaySince(away.peek(), connection, Date.now());
  const isUnknown = connection === "connected" && engine.services.value === null;
  unknown.value = isUnknown ? (unknown.peek() ?? Date.now()) : null;
});
