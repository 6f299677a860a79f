import type { LogRecord } from "@tailrace/client";
import { type ComponentPropsWithoutRef, type ReactNode, type UIEvent, useLayoutEffect, useRef, useState } from "react";

/** Pixels from the end that still count as being there. */
const NEAR_END = 10;
/** Rows made above and below what is seen, so that fast scrolling shows no blanks. */
const MARGIN = 10;

export interface LogListProps extends Omit<ComponentPropsWithoutRef<"div">, "children"> {
  logs: readonly LogRecord[];
  /** Pixels that each row is high. */
  rowHeight?: number;
  /** Draws one record; what it gives must be `rowHeight` high. */
  children: (record: LogRecord) => ReactNode;
  /** Called when the reader leaves the end or comes back to it: where `pause` and `resume` belong. */
  onFollow?: (following: boolean) => void;
}

/**
 * A list without looks of its own: it makes only the rows that are seen, stays at its end while new ones come, and stands
 * still as soon as the reader scrolls up. Give it a height.
 */
export function LogList({ logs, rowHeight = 20, children, onFollow, style, onScroll, ...rest }: LogListProps) {
  const element = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  // The first record that is seen: it stays in its place when others leave above it.
  const first = useRef<LogRecord>(undefined);
  const [seen, setSeen] = useState({ top: 0, height: 0 });

  useLayoutEffect(() => {
    const list = element.current as HTMLDivElement;
    const measure = () => setSeen((before) => ({ ...before, height: list.clientHeight }));
    const observer = new ResizeObserver(measure);
    observer.observe(list);
    measure();
    return () => observer.disconnect();
  }, []);

  const height = logs.length * rowHeight;
  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever scrolls is not to be moved, nor who gives another `onFollow`
  useLayoutEffect(() => {
    const list = element.current as HTMLDivElement;
    // Of what fits everybody sees the end, and no scrolling would tell.
    if (height <= list.clientHeight) follow(true);
    const at = logs.indexOf(first.current as LogRecord);
    if (following.current) list.scrollTop = list.scrollHeight;
    else if (at >= 0) list.scrollTop += (at - Math.floor(list.scrollTop / rowHeight)) * rowHeight;
  }, [logs, rowHeight, seen.height]);

  function follow(atEnd: boolean) {
    if (atEnd === following.current) return;
    following.current = atEnd;
    onFollow?.(atEnd);
  }

  function scrolled(event: UIEvent<HTMLDivElement>) {
    const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
    setSeen({ top: scrollTop, height: clientHeight });
    first.current = logs[Math.floor(scrollTop / rowHeight)];
    follow(scrollHeight - scrollTop - clientHeight <= NEAR_END);
    onScroll?.(event);
  }

  const made = Math.max(0, Math.floor(seen.top / rowHeight) - MARGIN);
  const rows = logs.slice(made, Math.ceil((seen.top + seen.height) / rowHeight) + MARGIN);
  return (
    <div
      ref={element}
      role="log"
      aria-live="off"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      {...rest}
      onScroll={scrolled}
      // The browser's own anchoring would move once more what is moved here.
      style={{ overflowY: "auto", overflowAnchor: "none", ...style }}
    >
      <div style={{ height, paddingTop: made * rowHeight, boxSizing: "border-box" }}>
        {rows.map((record) => (
          <div key={`${record.stream}/${record.id}`} style={{ height: rowHeight, overflow: "hidden" }}>
            {children(record)}
          </div>
        ))}
      </div>
    </div>
  );
}
