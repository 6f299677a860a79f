import { copyText } from "../export/clipboard.ts";
import { attempt, say } from "../export/notice.ts";
import { filterFor, isAskable } from "./filtering.ts";
import { valueText } from "./values.ts";

/** What can be done with a value: ask for it, ask for all but it, copy it. */
export function ValueButtons({ path, value }: { path: string | null; value: unknown }) {
  const name = path === null ? "the value" : path;
  return (
    <span class="detail-buttons">
      {path !== null && isAskable(value) && (
        <>
          <button
            type="button"
            title="Filter for this value"
            aria-label={`Filter for ${name}`}
            onClick={() => filterFor(path, value)}
          >
            +
          </button>
          <button
            type="button"
            title="Filter out this value"
            aria-label={`Filter out ${name}`}
            onClick={() => filterFor(path, value, true)}
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
