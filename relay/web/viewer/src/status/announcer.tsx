import { useEffect, useState } from "preact/hooks";
import { engine } from "../state/page.ts";
import { type News, newsIn, PAUSE, type Told } from "./news.ts";
import { keepTitle } from "./title.ts";

/** Says politely to screen readers what came; in a page that nobody sees, nothing. */
export function Announcer() {
  const [text, setText] = useState("");
  useEffect(() => announce(setText), []);
  useEffect(keepTitle, []);
  return (
    <p class="unseen" role="status" aria-live="polite">
      {text}
    </p>
  );
}

/** Calls `say` with what is new; the answer ends that. */
function announce(say: (text: string) => void): () => void {
  let told: Told | null = null;
  const look = () => {
    const frame = engine.frame.peek();
    if (!frame || document.hidden) return;
    const news: News = newsIn(told, frame, Date.now());
    told = news.told;
    if (news.text) say(news.text);
  };
  const end = engine.frame.subscribe(look);
  // What came last within the pause is said behind it, though nothing more comes.
  const timer = setInterval(look, PAUSE);
  return () => {
    end();
    clearInterval(timer);
  };
}
