/** Drawn on 16 × 16. */
const PATHS = {
  pause: "M5 3v10M11 3v10",
  play: "M5 3l8 5-8 5z",
  end: "M8 2v9M4 7.5l4 4 4-4M3 14h10",
  refresh: "M13 8a5 5 0 1 1-1.6-3.7M13 2v3h-3",
  empty: "M2 4h12M2 8h6M2 12h4M10 9l4 4M14 9l-4 4",
  bin: "M3 4h10M6 4V2.5h4V4M4.5 4l.6 9.5h5.8l.6-9.5M6.8 6.5v4.5M9.2 6.5v4.5",
  down: "M4 6l4 4 4-4",
  tick: "M3.5 8.5l3 3 6-7",
  settings: "M2 4.5h7M13 4.5h1M2 11.5h1M7 11.5h7M9 4.5a2 2 0 1 0 4 0a2 2 0 1 0-4 0M3 11.5a2 2 0 1 0 4 0a2 2 0 1 0-4 0",
  back: "M10 3L5 8l5 5",
} as const;

export type IconName = keyof typeof PATHS;

/** A picture beside a name that says the same. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
