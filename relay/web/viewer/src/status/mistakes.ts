import { complain } from "../export/notice.ts";

/** Tells what nobody else does: a mistake of this page itself. For ever. */
export function tellMistakes(): void {
  // What a browser only warns of, such as a size that changes again while it is looked at, comes without an error.
  addEventListener("error", ({ error }) => error && tell(error));
  addEventListener("unhandledrejection", ({ reason }) => tell(reason));
}

function tell(error: unknown): void {
  const what = error instanceof Error ? error.message : String(error);
  complain(`Something in this page went wrong, and is perhaps not shown: ${what}. Load the page again if it stays so.`);
}
