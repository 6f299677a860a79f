import { copyText } from "../export/clipboard.ts";
import { attempt, say } from "../export/notice.ts";
import { filterFor, isAskable } from "./filtering.ts";
import { valueText } from "./values.ts";

interface ValueButtonsProps {
  /** What the query calls it; null when it has no name there. */
  path: string | null;
  value: unknown;
  /** Then how it stands in the message; without, it cannot be asked for. */
  written?: (() => string) | null;
}

/** What can be done with a value: ask for it, ask for all but it, copy it. */
export function ValueButtons({ path, value, written = null }: ValueButtonsProps) {
  const name = path === null ? "the value" : path;
  const ask = (negated: boolean) => {
    if (path !== null && isAskable(value)) filterFor(path, value, negated);
    else if (written) filterFor("message", written(), negated);
  };
  return (
    <span class="detail-buttons">
      {(path !== null || written) && isAskable(value) && (
        <>
          <button
            type="button"
            title="Filter for this value"
            aria-label={`Filter for ${name}`}
            onClick={() => ask(false)}
          >
            +
          </button>
          <button
            type="button"
            title="Filter out this value"
            aria-label={`Filter out ${name}`}
            onClick={() => ask(true)}
          >
            −
          </button>
        </>
      )}
      <button type="button" title="Copy" aria-label={`Copy ${name}`} onClick={() => copied(valueText(value))}>
        copy
      </button>
    </span>
  );
}

/** Copies a text that may be on its way, and says so. */
export function copied(text: string | Promise<string>, words = "Copied."): void {
  attempt(
    Promise.resolve(text)
      .then(copyText)
      .then(() => say(words)),
  );
}
