import { useState } from "preact/hooks";
import { number } from "../status/numbers.ts";
import { FoundText } from "./found_text.tsx";
import { visible } from "./text.ts";
import { ValueButtons } from "./value_buttons.tsx";
import { branchOf, valueText, writtenIn } from "./values.ts";
import { size } from "./words.ts";

// Levels that are open at first, and entries of one branch that are shown at once.
const OPEN = 2;
const ENTRIES = 100;
// Characters of a text in a tree.
const TEXT = 2_000;

interface TreeProps {
  /** What the query calls it: `fields.user`; null when it has no name there. */
  path: string | null;
  value: unknown;
  /** The message that the value was read out of; "" for others. */
  message?: string;
  depth?: number;
}

/** What a value holds, level by level. */
export function Tree({ path, value, message = "", depth = 0 }: TreeProps) {
  const [shown, setShown] = useState(ENTRIES);
  const entries = branchOf(value)?.entries ?? [];
  return (
    <ul class="tree">
      {entries.slice(0, shown).map(([name, each]) => (
        <Entry key={name} name={name} path={pathOf(path, name, value)} value={each} message={message} depth={depth} />
      ))}
      {entries.length > shown && (
        <li>
          <button type="button" class="tree-more" onClick={() => setShown(shown + ENTRIES)}>
            {number(entries.length - shown)} more
          </button>
        </li>
      )}
    </ul>
  );
}

function Entry({ name, path, value, message, depth }: Required<TreeProps> & { name: string }) {
  const branch = branchOf(value);
  const [open, setOpen] = useState(depth < OPEN);
  if (!branch?.entries.length) {
    return (
      <li class="tree-entry">
        <span class="tree-name">{visible(name)}</span> <Leaf value={value} />
        <ValueButtons path={path} value={value} written={message ? () => writtenIn(message, name, value) : null} />
      </li>
    );
  }
  return (
    <li class="tree-entry">
      <button type="button" class="tree-toggle" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span aria-hidden="true">{open ? "▾" : "▸"} </span>
        <span class="tree-name">{visible(name)}</span> <span class="tree-summary">{branch.summary}</span>
      </button>
      <ValueButtons path={null} value={value} />
      {open && <Tree path={path} value={value} message={message} depth={depth + 1} />}
    </li>
  );
}

function Leaf({ value }: { value: unknown }) {
  const text = valueText(value);
  return (
    <span class="tree-value" data-type={value === null ? "null" : typeof value}>
      <FoundText text={text.slice(0, TEXT)} ansi={false} />
      {text.length > TEXT && <span class="log-more"> {size(text.length)}</span>}
    </span>
  );
}

/** Items of a list are asked for by the list's name: the query looks at each of them. */
function pathOf(path: string | null, name: string, holder: unknown): string | null {
  if (path === null) return null;
  return Array.isArray(holder) ? path : `${path}.${name}`;
}
