import { useState } from "preact/hooks";
import { visible } from "../list/text.ts";
import { engine, isOpen } from "../state/page.ts";
import { clock } from "../state/preferences.ts";
import { rights, rightsOf } from "../state/rights.ts";
import { useNow } from "./now.ts";
import { Retry } from "./retry.tsx";
import { troubleIn } from "./trouble.ts";
import { away, unknown } from "./watch.ts";
import "./banner.css";

/** What went wrong, and what would be right. */
export function Banner() {
  const waits = away.value !== null || unknown.value !== null;
  const now = useNow(waits);
  const frame = engine.frame.value;
  const trouble = troubleIn({
    frame,
    services: engine.services.value,
    tokenWanted: engine.tokenWanted.value,
    hadToken: !isOpen.value,
    away: away.value,
    unknown: unknown.value,
    now,
    clock: clock.value,
  });
  return (
    <div class={trouble ? "banner" : ""}>
      <p class="banner-text" role="alert">
        {trouble && (
          <>
            <strong>{visible(trouble.what)}</strong> {trouble.remedy !== "token" && trouble.advice}
          </>
        )}
      </p>
      {trouble?.remedy === "retry" && <Retry frame={frame} />}
      {trouble?.remedy === "token" && <TokenForm advice={trouble.advice} />}
    </div>
  );
}

function TokenForm({ advice }: { advice: string }) {
  const [token, setToken] = useState("");
  const bring = (event: Event) => {
    event.preventDefault();
    rights.value = rightsOf(tokenIn(token));
    engine.token(tokenIn(token));
    setToken("");
    isOpen.value = false;
  };
  return (
    <form class="token" onSubmit={bring}>
      <label for="token">{advice}</label>
      <input
        id="token"
        type="password"
        autocomplete="off"
        spellcheck={false}
        value={token}
        onInput={(event) => setToken(event.currentTarget.value)}
      />
      <button type="submit" disabled={!tokenIn(token)}>
        Use it
      </button>
    </form>
  );
}

/** What was pasted may be a link to the page that has it behind its `#`. */
export function tokenIn(text: string): string {
  return /[#&?]token=([^&#\s]+)/.exec(text)?.[1] ?? text.trim();
}
