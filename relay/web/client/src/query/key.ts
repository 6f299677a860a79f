/** The keys that a record has of itself; any other is looked for in its fields, then in its metadata. */
export const RECORD_KEYS: readonly string[] = (
  "level message service logger source kind stream time host pid process thread module function line line_number " +
  "exception trace_id span_id action producer level_number metadata fields"
).split(" ");

// Letters of any script begin a key, then digits and punctuation that names in logs have. Behind `fields.` and
// `metadata.` any character may stand with a backslash before it.
const PLAIN = "[\\p{L}\\p{Nl}\\p{No}_][\\p{L}\\p{N}_.@/-]*";
const KEY = new RegExp(`(?:(?:fields|metadata)\\.(?:[\\p{L}\\p{N}_.@/-]|\\\\[^\\p{L}\\p{N}_])+|${PLAIN})(?=:)`, "uy");
const WHOLE = new RegExp(`^${PLAIN}$`, "u");

// `http://` is no key with a value.
const ADDRESS = /[A-Za-z][A-Za-z0-9+.-]*:\/\//y;

/** The key as it is written where one begins in `text` at `place`; its colon follows. */
export function keyAt(text: string, place: number): string | undefined {
  KEY.lastIndex = ADDRESS.lastIndex = place;
  return ADDRESS.test(text) ? undefined : KEY.exec(text)?.[0];
}

/** The name that is meant by a key as it is written. */
export function unescapeKey(written: string): string {
  return written.replace(/\\(.)/gsu, "$1");
}

/** A key as it is written in a query. What is no plain name is meant as one of the fields. */
export function escapeKey(key: string): string {
  if (WHOLE.test(key)) return key;
  const [begin = "fields."] = /^(?:fields|metadata)\./.exec(key) ?? [];
  return begin + (key.startsWith(begin) ? key.slice(begin.length) : key).replace(/[^\p{L}\p{N}_.@/-]/gu, "\\$&");
}

/** What stands under a dotted key: a name with the dots in it, else maps within each other. */
export function within(value: unknown, key: string): unknown {
  if (!isMap(value)) return undefined;
  if (Object.hasOwn(value, key)) return value[key];
  for (let dot = key.indexOf("."); dot >= 0; dot = key.indexOf(".", dot + 1)) {
    const name = key.slice(0, dot);
    const inner = Object.hasOwn(value, name) ? within(value[name], key.slice(dot + 1)) : undefined;
    if (inner != null) return inner;
  }
  return undefined;
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
