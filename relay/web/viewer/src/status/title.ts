import { effect, signal } from "@preact/signals";
import { LEVEL_CLASSES } from "../engine/rows.ts";
import { engine } from "../state/page.ts";
import { lists } from "../state/reading.ts";
import { errorsIn } from "./news.ts";
import { number } from "./numbers.ts";

/** How often a page that nobody sees looks for errors, in ms: it draws nothing, so that no frame tells it. */
const LOOK = 5_000;

const ERROR = LEVEL_CLASSES.indexOf("error");

/** Errors that came while the page was hidden. */
const behind = signal(0);

/** Shows in the page's title how many errors came unseen; the answer ends that. */
export function keepTitle(): () => void {
  const end = effect(() => {
    document.title = titleOf(behind.value + unseenErrors());
  });
  const endLooking = lookWhileHidden();
  return () => {
    end();
    endLooking();
  };
}

export function titleOf(errors: number): string {
  return errors ? `(${number(errors)}) Tailrace` : "Tailrace";
}

function unseenErrors(): number {
  const shown = engine.frame.value?.lists;
  return shown ? lists.value.reduce((sum, list) => sum + shown[list].unseen.errors, 0) : 0;
}

function lookWhileHidden(): () => void {
  let timer: ReturnType<typeof setInterval> | undefined;
  const change = () => {
    clearInterval(timer);
    behind.value = 0;
    const frame = engine.frame.peek();
    if (!document.hidden || !frame) return;
    const before = errorsIn(frame);
    timer = setInterval(() => {
      errorsHeld().then(
        (errors) => {
          if (document.hidden) behind.value = Math.max(0, errors - before);
        },
        () => undefined, // what answers this was not loaded, since no gateway does: the next look may have it
      );
    }, LOOK);
  };
  document.addEventListener("visibilitychange", change);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", change);
  };
}

async function errorsHeld(): Promise<number> {
  const { counts } = await engine.histogram("all", 1);
  return counts.reduce((sum, much, place) => (place % LEVEL_CLASSES.length >= ERROR ? sum + much : sum), 0);
}
