import { visible } from "../list/text.ts";
import { draft, language, loadLanguage, mean, problem } from "./draft.ts";

/** What all records shown have in common: each part of the query, to be taken out with one press. */
export function Chips() {
  const text = draft.value;
  if (!text.trim() || problem.value) return null;
  if (!language.value) void loadLanguage();
  const chips = language.value?.chipsOf(text) ?? [];
  return (
    <ul class="chips" aria-label="Parts of the query">
      {chips.map((chip) => (
        <li key={`${chip.start} ${chip.text}`} class={chip.negated ? "chip negated" : "chip"}>
          <button
            type="button"
            class="chip-text"
            title={`Change ${visible(chip.text)}`}
            onClick={() => select(chip.start, chip.end)}
          >
            {visible(chip.text)}
          </button>
          <button
            type="button"
            class="chip-remove"
            aria-label={`Remove ${visible(chip.text)}`}
            onClick={() => void mean(language.peek()?.withoutChip(text, chip) ?? text)}
          >
            ×
          </button>
        </li>
      ))}
    </ul>
  );
}

function select(start: number, end: number): void {
  const box = document.getElementById("query");
  if (!(box instanceof HTMLInputElement)) return;
  box.focus();
  box.setSelectionRange(start, end);
}
