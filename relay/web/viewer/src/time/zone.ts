import { computed } from "@preact/signals";
import { clock } from "../state/preferences.ts";
import type { Zone } from "./calendar.ts";

/** The zone that a reader has chosen. Where times are shown as how long ago, it is that of this browser. */
export const zone = computed<Zone>(() => (clock.value === "utc" ? "utc" : "local"));
