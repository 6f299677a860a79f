/** Reads a gateway's event stream: text in pieces, however they are cut; messages out, a line each. No I/O. */
export class EventLines {
  #rest = "";

  feed(text: string): string[] {
    this.#rest += text;
    // A long line that comes in many pieces is looked through once.
    if (!text.includes("\n")) return [];
    const lines = this.#rest.split(/\r?\n/);
    this.#rest = lines.pop() ?? "";
    return lines.filter((line) => line.startsWith("data:")).map((line) => line.slice(5));
  }
}
