import type { ListName } from "../engine/protocol.ts";
import type { Scroller } from "./scroller.ts";

/** The lists that are on the page, for what moves in them. */
export const shownScrollers = new Map<ListName, Scroller>();
