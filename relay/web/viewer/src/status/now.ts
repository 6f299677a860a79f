import { useEffect, useState } from "preact/hooks";

/** The time in ms since 1970, again each second as long as it is `wanted`. */
export function useNow(wanted = true, every = 1_000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!wanted) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [wanted, every]);
  return now;
}
