import { compare } from "./entry.ts";
import type { Holding } from "./holding.ts";
import type { Lists } from "./lists.ts";

// Rows above those that are looked at which stay, too, as a part of the capacity: a reader who scrolls back finds them.
const ABOVE = 0.01;

// How much must go before a subscription that was let go of is taken up again, as a part of the capacity: one record at a
// time would be a connection for each.
const PART = 0.05;

/**
 * How full what is held may be, of 1, when the oldest leave. null: they are being read, in a list whose reader is not at
 * its end, so that what comes has to wait.
 *
 * @param waiting whether it waits already.
 */
export function roomIn(holding: Holding, lists: Lists, waiting: boolean): number | null {
  const unfollowed = lists.each().filter((list) => !list.followed && list.look.count > 0);
  if (!unfollowed.length || holding.fill <= (waiting ? 1 - PART : 1)) return 1;
  const above = Math.ceil(holding.capacity.entries * ABOVE);
  const edge = holding.sequence.at(Math.ceil(holding.sequence.length * PART));
  const read = unfollowed.some((list) => {
    const row = list.at(Math.max(list.first, list.window().first - above));
    return row !== undefined && edge !== undefined && compare(row, edge) <= 0;
  });
  return read ? null : 1 - PART;
}
