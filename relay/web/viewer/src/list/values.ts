/** What a tree shows of a value: what it holds by name, or itself. */
export interface Branch {
  entries: [name: string, value: unknown][];
  /** `{…}` or `[…]` and how many it holds. */
  summary: string;
}

/** What a value holds; null for one that holds nothing else. */
export function branchOf(value: unknown): Branch | null {
  if (Array.isArray(value)) {
    return { entries: value.map((each, index) => [String(index), each]), summary: `[ ${value.length} ]` };
  }
  if (typeof value !== "object" || value === null) return null;
  const entries = Object.entries(value);
  return { entries, summary: `{ ${entries.length} }` };
}

/** A value as it is shown: texts as they are. */
export function valueText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
}

/** A message that is JSON of an object or a list; undefined for any other. */
export function jsonIn(message: string): unknown {
  if (message.length > MOST || !/^\s*[{[]/.test(message)) return undefined;
  try {
    return JSON.parse(message);
  } catch {
    return undefined; // it only looks like it
  }
}

/** How a value stands in a message that is JSON: behind its name, unless nothing stands so there, as of items of a list. */
export function writtenIn(message: string, name: string, value: unknown): string {
  const [key, text] = [JSON.stringify(name), JSON.stringify(value)];
  const forms = [`${key}:${text}`, `${key}: ${text}`, text];
  return [...forms, ...forms.map(escaped)].find((form) => message.includes(form)) ?? valueText(value);
}

/** As it is written where ASCII alone is wanted, which is what Python does unless told otherwise. */
function escaped(text: string): string {
  return text.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

// Characters of a message that is read as JSON.
const MOST = 1_000_000;
