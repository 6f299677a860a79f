export { complete, type Known, MOST_SUGGESTIONS, type Suggestion } from "./complete.ts";
export { type Value, without, withPart } from "./edit.ts";
export { QueryError, type Span, span } from "./errors.ts";
export { highlights, MOST_HIGHLIGHTS } from "./highlight.ts";
export { RECORD_KEYS } from "./key.ts";
export { LEVELS, levelClass, levelName, parseLevel } from "./levels.ts";
export type { RegexMode } from "./pattern.ts";
export { type Part, parse, type Query, type QueryOptions } from "./query.ts";
