import { signal } from "@preact/signals";

export interface Notice {
  text: string;
  /** Something did not work. */
  wrong: boolean;
}

/** What came of the last thing that somebody did, until it goes by itself. */
export const notice = signal<Notice | null>(null);

// ms: long enough to be read twice.
const READ = 5_000;
const READ_MISTAKE = 12_000;

let timer: ReturnType<typeof setTimeout> | undefined;

/** Tells what came of something, for some seconds. */
export function say(text: string): void {
  show({ text, wrong: false }, READ);
}

/** Tells what did not work, and what would be right. */
export function complain(text: string): void {
  show({ text, wrong: true }, READ_MISTAKE);
}

/** Does something, and tells where that fails. */
export function attempt(doing: Promise<unknown>): void {
  doing.catch((error: unknown) => complain(error instanceof Error ? error.message : String(error)));
}

export function dismiss(): void {
  clearTimeout(timer);
  notice.value = null;
}

function show(next: Notice, time: number): void {
  clearTimeout(timer);
  notice.value = next;
  timer = setTimeout(dismiss, time);
}
