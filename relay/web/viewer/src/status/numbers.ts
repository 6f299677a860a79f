// Numbers as people read them. Without `Intl`: to make its first format takes a browser more than a screen's frame, while the
// page begins.

/** `1,204`. */
export function number(value: number): string {
  return String(value).replace(/^\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","));
}

/** `1 record`, `1,204 records`; `many` where an s is not enough. */
export function count(value: number, one: string, many = `${one}s`): string {
  return `${number(value)} ${value === 1 ? one : many}`;
}

/** Per second: `12.4/s`; what is slower than one in a minute, as such: `0.5/min`. */
export function rate(perSecond: number): string {
  const slow = perSecond > 0 && perSecond < 1 / 60;
  return `${number(Number((slow ? perSecond * 60 : perSecond).toPrecision(3)))}/${slow ? "min" : "s"}`;
}
