import { LEVEL_CLASSES, type LevelClass } from "../engine/rows.ts";
import { visible } from "../list/text.ts";
import { declare } from "../state/actions.ts";
import type { View } from "../state/address.ts";
import { engine } from "../state/page.ts";
import { queryOf } from "../state/question.ts";
import { look, view } from "../state/view.ts";
import { known } from "./known.ts";

/** Where there is little room. */
const SHORT: Record<LevelClass, string> = {
  trace: "trc",
  debug: "dbg",
  info: "inf",
  warning: "wrn",
  error: "err",
  critical: "crt",
};

/** A press for each level, with how many records of it there are; several may be pressed. */
export function QuickLevels() {
  const { levels } = view.value;
  const totals = engine.frame.value?.totals;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out in a row in every browser
    <div role="group" aria-label="Levels" class={levels.length ? "quick some" : "quick"}>
      {LEVEL_CLASSES.map((level, place) => (
        <button
          key={level}
          type="button"
          class={`quick-level ${level}`}
          aria-pressed={levels.includes(level)}
          title={`${hintOf(level, levels)} (${place + 1})`}
          onClick={() => toggleLevel(level)}
        >
          <span class="quick-name">{level}</span>
          <span class="quick-short" aria-hidden="true">
            {SHORT[level]}
          </span>{" "}
          <span class="quick-count">{short(totals?.[level] ?? 0)}</span>
        </button>
      ))}
    </div>
  );
}

/** A press for each source that was seen. */
export function QuickSources() {
  const { sources } = view.value;
  const { source: seen = [] } = known.value;
  const all = [...new Set([...seen, ...sources])].sort();
  if (!all.length) return null;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out in a row in every browser
    <div role="group" aria-label="Sources" class={sources.length ? "quick some" : "quick"}>
      {all.map((source) => (
        <button
          key={source}
          type="button"
          class="quick-source"
          aria-pressed={sources.includes(source)}
          onClick={() => narrow({ sources: toggled(view.peek().sources, source) })}
        >
          {visible(source)}
        </button>
      ))}
    </div>
  );
}

function toggleLevel(level: LevelClass): void {
  narrow({ levels: toggled(view.peek().levels, level) });
}

/** What is held is filtered before the gateway is asked. */
function narrow(change: Partial<View>): void {
  engine.filter(queryOf({ ...view.peek(), ...change }));
  look(change, { step: true });
}

function toggled<T>(all: readonly T[], one: T): T[] {
  return all.includes(one) ? all.filter((each) => each !== one) : [...all, one];
}

function hintOf(level: LevelClass, levels: readonly LevelClass[]): string {
  if (levels.includes(level)) return levels.length > 1 ? `Without ${level}` : "All levels";
  return levels.length ? `Also ${level}` : `Only ${level}`;
}

const COUNTS = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** A count that keeps its width: 950, 1.2K, 200K. */
function short(count: number): string {
  return COUNTS.format(count);
}

for (const [place, level] of LEVEL_CLASSES.entries())
  declare({
    name: `level-${level}`,
    label: `Level ${level}, on or off`,
    group: "Choosing",
    keys: [String(place + 1)],
    run: () => toggleLevel(level),
  });
