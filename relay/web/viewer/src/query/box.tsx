import { useEffect, useRef, useState } from "preact/hooks";
import { visible } from "../list/text.ts";
import { draft, language, loadLanguage, mean, type Problem, problem, type } from "./draft.ts";
import { queries } from "./history.ts";
import { known } from "./known.ts";
import { afterKey, NOTHING, type Offer, type Offers } from "./offers.ts";
import { Wrong } from "./wrong.tsx";

const LIST = "query-offers";

/** The query: what is typed in it is completed, tried on what is here, and asked for. */
export function QueryBox() {
  const box = useRef<HTMLInputElement>(null);
  const [offers, setOffers] = useState<Offers>(NOTHING);
  const [active, setActive] = useState(-1);
  const show = (next: Offers, chosen = -1) => {
    setOffers(next);
    setActive(chosen);
  };
  const complete = (asked = false) => show(offersHere(box.current, asked));
  const hide = () => show(NOTHING);
  const accept = (offer: Offer) => {
    const { text, caret } = taken(draft.peek(), offers, offer);
    type(text);
    place(box.current, text, caret);
    if (offers.kind === "queries") {
      hide();
      void mean();
    } else complete();
  };
  const onInput = (event: { currentTarget: HTMLInputElement }) => {
    type(event.currentTarget.value);
    complete();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    const next = afterKey(event, { offers, active, text: draft.peek() });
    if (!next) return;
    if (next.prevent) event.preventDefault();
    if (next.type === "accept") accept(next.offer);
    else if (next.type === "active") setActive(next.active);
    else if (next.type === "history") show(historyOffers(), next.last ? 0 : -1);
    else if (next.type === "complete") complete(true);
    else if (next.type === "hide") hide();
    else if (next.type === "leave") box.current?.blur();
    else {
      hide();
      void mean();
    }
  };
  const onBlur = () => {
    hide();
    if (!problem.peek()) void mean();
  };
  // A language that comes while somebody types has its offers, too.
  const speaks = language.value !== null;
  useEffect(() => {
    if (speaks && box.current === document.activeElement && draft.peek()) complete();
  }, [speaks]);
  const open = offers.options.length > 0;
  const wrong = open && isUnfinished(problem.value) ? null : problem.value;
  return (
    <div class="query">
      <div class={wrong ? "query-field wrong" : "query-field"}>
        <input
          ref={box}
          id="query"
          type="text"
          role="combobox"
          aria-label="Query"
          aria-autocomplete="list"
          aria-expanded={open}
          aria-controls={LIST}
          aria-activedescendant={open && active >= 0 ? `${LIST}-${active}` : undefined}
          aria-invalid={wrong !== null}
          aria-describedby={wrong ? "query-problem" : undefined}
          placeholder='Query: timeout  level:>=warning  status:500..599  -"health check"'
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          enterkeyhint="search"
          value={draft.value}
          onFocus={() => void loadLanguage()}
          onInput={onInput}
          onKeyDown={onKeyDown}
          onClick={() => open && complete()}
          onBlur={onBlur}
        />
        {wrong && <Wrong box={box} text={draft.value} problem={wrong} />}
        {draft.value && (
          <button type="button" class="query-clear" aria-label="Clear the query" onClick={() => clear(box.current)}>
            ×
          </button>
        )}
      </div>
      <OfferList offers={offers} active={active} accept={accept} />
    </div>
  );
}

function OfferList(props: { offers: Offers; active: number; accept: (offer: Offer) => void }) {
  const { offers, active, accept } = props;
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.children[active]?.scrollIntoView({ block: "nearest" });
  }, [active]);
  return (
    <div
      ref={list}
      id={LIST}
      role="listbox"
      aria-label={offers.kind === "queries" ? "Queries before" : "Completions"}
      class="query-offers"
      style={{ left: `max(0px, min(${offers.start}ch, 100% - 240px))` }}
      hidden={!offers.options.length}
    >
      {offers.options.map((offer, at) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the box has the focus and hears the keys
        // biome-ignore lint/a11y/useFocusableInteractive: the box has the focus, and says which option is active
        <div
          key={offer.text}
          id={`${LIST}-${at}`}
          role="option"
          aria-selected={at === active}
          class="query-offer"
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => accept(offer)}
        >
          <span>{visible(offer.label)}</span> <span class="query-detail">{visible(offer.detail)}</span>
        </div>
      ))}
    </div>
  );
}

/** What is missing at the end is about to come: it is being offered. */
function isUnfinished(wrong: Problem | null): boolean {
  return wrong?.start === draft.value.length;
}

function offersHere(box: HTMLInputElement | null, asked: boolean): Offers {
  const text = draft.peek();
  const caret = box?.selectionStart ?? text.length;
  return language.peek()?.offersAt(text, caret, known.peek(), asked) ?? NOTHING;
}

function historyOffers(): Offers {
  const options = queries.peek().map((text) => ({ text, label: text, detail: "" }));
  return { kind: "queries", start: 0, end: draft.peek().length, options };
}

/** The text with an offer in its place, and where one goes on. */
function taken(text: string, { start, end }: Offers, offer: Offer): { text: string; caret: number } {
  return { text: text.slice(0, start) + offer.text + text.slice(end), caret: start + offer.text.length };
}

/** At once, before the next frame: what is typed next shall come behind it. */
function place(box: HTMLInputElement | null, text: string, caret: number): void {
  if (!box) return;
  box.value = text;
  box.setSelectionRange(caret, caret);
}

function clear(box: HTMLInputElement | null): void {
  void mean("");
  box?.focus();
}
