/** Has the browser save a text or a blob as a file. */
export function saveFile(name: string, content: string | Blob, type = "text/plain;charset=utf-8"): void {
  const address = URL.createObjectURL(typeof content === "string" ? new Blob([content], { type }) : content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser has begun to read it by then; kept, it would hold the whole text in memory.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
