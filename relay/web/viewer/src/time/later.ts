// ms after which it is tried again where the gateway that serves the page was away.
const AGAIN = 2_000;

/** Loads something, however long that takes; the answer ends that. */
export function bring<T>(load: () => Promise<T>, use: (loaded: T) => void): () => void {
  let ended = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tryIt = () =>
    load().then(
      (loaded) => ended || use(loaded),
      () => {
        if (!ended) timer = setTimeout(tryIt, AGAIN);
      },
    );
  tryIt();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}

/** Has each stylesheet that did not come asked for again: whoever loads a part again takes its styles to be there. */
export function bringStyles(): void {
  document.addEventListener(
    "error",
    ({ target }) => {
      if (target instanceof HTMLLinkElement && target.rel === "stylesheet")
        setTimeout(() => target.replaceWith(target.cloneNode()), AGAIN);
    },
    true,
  );
}
