import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { visible } from "../list/text.ts";
import type { Problem } from "./draft.ts";

interface Props {
  box: RefObject<HTMLInputElement | null>;
  text: string;
  problem: Problem;
}

/** What is wrong in the box: a line under the characters, and below them the message. */
export function Wrong({ box, text, problem }: Props) {
  const mirror = useRef<HTMLDivElement>(null);
  const mark = useRef<HTMLElement>(null);
  const message = useRef<HTMLParagraphElement>(null);
  useLayoutEffect(() => {
    const field = box.current;
    if (!field) return undefined;
    const follow = () => {
      if (mirror.current) mirror.current.scrollLeft = field.scrollLeft;
      if (mark.current && message.current) indent(message.current, mark.current.offsetLeft - field.scrollLeft);
    };
    follow();
    field.addEventListener("scroll", follow);
    return () => field.removeEventListener("scroll", follow);
  });
  const { start, end } = problem;
  return (
    <>
      <div ref={mirror} class="query-mirror" aria-hidden="true">
        {text.slice(0, start)}
        <mark ref={mark}>{text.slice(start, end) || " "}</mark>
        {text.slice(Math.max(start, end))}
      </div>
      <p ref={message} id="query-problem" class="query-problem">
        {visible(problem.message)}
      </p>
    </>
  );
}

/** Below what is wrong, as far as there is room for all of it. */
function indent(message: HTMLElement, left: number): void {
  const room = (message.parentElement?.clientWidth ?? 0) - message.offsetWidth;
  message.style.marginLeft = `${Math.max(0, Math.min(left, room))}px`;
}
