import type { Health } from "./listing.ts";

/** The colour of a health; words beside it say the same. */
export function HealthDot({ health }: { health: Health | null }) {
  return health && <span class={`dot dot-${health}`} aria-hidden="true" />;
}
