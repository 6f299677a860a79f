/**
 * Puts a text that may still be on its way into the clipboard.
 *
 * @throws Error saying what would be right where the browser does not let the page do that.
 */
export async function copyText(text: string | Promise<string>): Promise<void> {
  try {
    await write(text);
  } catch (error) {
    // What was to be copied did not come: that is no matter of the clipboard.
    const content = await text;
    if (byCommand(content)) return;
    const reason = error instanceof Error && error.message ? ` (${error.message})` : "";
    throw new Error(`The browser did not let this page use the clipboard${reason}. Saving it as a file works.`);
  }
}

/** Browsers have a clipboard only for pages over https or of this very machine. */
async function write(text: string | Promise<string>): Promise<void> {
  const clipboard: Clipboard | undefined = navigator.clipboard;
  if (!clipboard) throw new Error("this page did not come over https");
  if (typeof text === "string" || typeof ClipboardItem === "undefined") return clipboard.writeText(await text);
  // Handed over before it is there: some browsers forget soon that a person asked for it.
  const blob = text.then((content) => new Blob([content], { type: "text/plain" }));
  await clipboard.write([new ClipboardItem({ "text/plain": blob })]);
}

/** The old way, which needs no https: a field, selected, and the browser's own command. */
function byCommand(text: string): boolean {
  const field = document.createElement("textarea");
  field.value = text;
  field.readOnly = true;
  field.className = "unseen";
  const focused = document.activeElement;
  // Behind an open dialog nothing can be selected.
  (document.querySelector("dialog[open]") ?? document.body).append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return done;
}
