import { useLater } from "./part.ts";

/** How many records of which level came when; a brush chooses a time. */
export function Timeline() {
  const Chart = useLater(() => import("./chart.tsx"));
  return Chart && <Chart />;
}
