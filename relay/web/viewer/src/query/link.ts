import { copyText } from "../export/clipboard.ts";
import { say } from "../export/notice.ts";
import { rewriteView } from "../state/address.ts";
import { view } from "../state/view.ts";

/** The whole view as a link, without a token: who opens it needs one of their own. */
export function viewLink(): string {
  return new URL(`${location.pathname}${rewriteView(view.value, location.search)}`, location.href).href;
}

/** @throws Error saying what would be right where the browser does not let the page copy. */
export async function copyViewLink(): Promise<void> {
  await copyText(viewLink());
  say("Copied a link to this view.");
}
