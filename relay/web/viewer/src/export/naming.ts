/** What was chosen to look at, by name. */
export interface Named {
  services: readonly string[];
  /** Streams and globs. */
  streams: readonly string[];
  /** A run that is shown alone, in place of all else. */
  run?: string;
}

/** `shop-logs.txt`: of a service or a stream; of several, or none by name, `tailrace-logs.txt`. */
export function fileName({ services, streams, run }: Named, suffix: string): string {
  const [name, ...others] = run ? [run] : [...services, ...streams];
  const one = name !== undefined && !others.length && !/[*?]/.test(name);
  return `${plain(one ? name : "")}-logs.${suffix}`;
}

/** What file systems refuse is replaced, as in the gateway's own file names. */
function plain(name: string): string {
  return name.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[.-]+/, "") || "tailrace";
}
