import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { bring } from "./later.ts";

/** A part of the page that is loaded once it is wanted; null until it is there. */
export function useLater(load: () => Promise<{ default: ComponentType }>, wanted = true): ComponentType | null {
  const [part, setPart] = useState<ComponentType | null>(null);
  useEffect(
    () => (wanted && !part ? bring(load, ({ default: component }) => setPart(() => component)) : undefined),
    [wanted],
  );
  return part;
}
