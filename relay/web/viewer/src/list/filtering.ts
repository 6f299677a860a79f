import { type Value, withPart } from "@tailrace/client/query";
import { complain } from "../export/notice.ts";
import { look, view } from "../state/view.ts";

/** Whether a value can be asked for in a query. */
export function isAskable(value: unknown): value is Value {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}

/** Shows only records that have this value, or (`negated`) all but these. */
export function filterFor(key: string, value: Value, negated = false): void {
  try {
    look({ query: withPart(view.peek().query, key, value, negated), record: "" }, { step: true });
  } catch (error) {
    complain(`The query cannot be extended: ${error instanceof Error ? error.message : String(error)}`);
  }
}
