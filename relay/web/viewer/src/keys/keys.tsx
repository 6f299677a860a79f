import { legend } from "./legend.ts";

/** Keys as they stand on a keyboard; each of `names` does the same. */
export function Keys({ names }: { names: readonly string[] }) {
  return (
    <span class="keys">
      {names.map((name) => (
        <span key={name} class="chord">
          {legend(name).map((key) => (
            <kbd key={key}>{key}</kbd>
          ))}
        </span>
      ))}
    </span>
  );
}
