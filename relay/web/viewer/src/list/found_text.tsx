import { computed } from "@preact/signals";
import { occurrences } from "../engine/occurrences.ts";
import { view } from "../state/view.ts";
import { Text } from "./pieces.tsx";

const wanted = computed(() => view.value.find.toLowerCase());

/** A text of a record that is open: what the find box looks for is marked in it. */
export function FoundText({ text, ansi }: { text: string; ansi: boolean }) {
  return <Text text={text} hits={hitsIn(text)} ansi={ansi} tabbed />;
}

/** Where a text contains what is looked for. */
export function hitsIn(text: string): [number, number][] {
  return occurrences(text, wanted.value);
}
