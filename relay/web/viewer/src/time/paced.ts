// ms after which what could not be asked is asked again: the gateway that serves the page may be away.
const AGAIN = 2_000;

/**
 * Runs `ask` when told that something has changed: at once the first time, and then neither before the last one has ended
 * nor before `rest` ms have gone by. What is told meanwhile is asked for once, later,
 * and so is what failed.
 */
export function paced(ask: () => Promise<void>, rest: number): { changed: () => void; stop: () => void } {
  let busy = false;
  let again = false;
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const changed = () => {
    if (stopped) return;
    again = true;
    if (!busy) void begin();
  };
  const begin = async () => {
    busy = true;
    again = false;
    const waited = pause(rest);
    try {
      await ask();
    } catch {
      again = true;
      await pause(AGAIN);
    }
    await waited;
    busy = false;
    if (again && !stopped) void begin();
  };
  const pause = (time: number) =>
    new Promise<void>((resolve) => {
      timer = setTimeout(resolve, time);
    });
  const stop = () => {
    stopped = true;
    clearTimeout(timer);
  };
  return { changed, stop };
}
