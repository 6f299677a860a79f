import { signal } from "@preact/signals";
import { bring } from "./time/later.ts";

type Furnishing = typeof import("./furnishing.tsx");

/** What stands around the lists; null until it is loaded. */
export const around = signal<Furnishing | null>(null);

/** Loads what stands around the lists, however long that takes. */
export function furnish(): void {
  bring(
    () => import("./furnishing.tsx"),
    (loaded) => {
      around.value = loaded;
    },
  );
}
