/** The levels of Python's `logging`, lowest first. */
export const LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] as const;

// Of digits that a level may have.
const LONGEST = 9;

/** The standard name of a level's number, or `Level <number>`. */
export function levelName(number: number): string {
  return (number > 0 && LEVELS[number / 10 - 1]) || `Level ${number}`;
}

/** The number of a level given by name (any case; `WARN` and `FATAL` too) or by number; null for any other text. */
export function parseLevel(text: string): number | null {
  const level = text.trim().toUpperCase();
  if (level === "NOTSET") return 0;
  const place = LEVELS.findIndex((name) => name === ({ WARN: "WARNING", FATAL: "CRITICAL" }[level] ?? level));
  if (place >= 0) return (place + 1) * 10;
  return /^\d+$/.test(level) && text.length <= LONGEST ? Number(level) : null;
}

/** The one of `LEVELS` that losses at a level are counted under. */
export function levelClass(number: number): (typeof LEVELS)[number] {
  return LEVELS[Math.min(Math.max(Math.floor(number / 10) - 1, 0), 4)] ?? "DEBUG";
}
