/** What the page was opened with: which gateways, and a token. */

/** This page's own gateway first, then those of `?gateways=http://127.0.0.1:8001,…`. With a token only those behind the
 * `#` beside it: whoever made a link to this page must not get somebody's token. One that is brought
 * later is for this page's own gateway alone. */
export function gatewaysOf(location: Location, token: string): string[] {
  const own = new URL(".", location.href);
  const parameters = new URLSearchParams(token ? location.hash.slice(1) : location.search);
  const named = (parameters.get("gateways") ?? "").split(",");
  const others = named.filter((text) => /^https?:\/\//.test(text) && URL.canParse(text));
  const addresses = [own, ...others.map((text) => new URL(text.replace(/\/*$/, "/")))].map((address) => {
    address.search = address.hash = "";
    return address.href;
  });
  return [...new Set(addresses)];
}

/** The token behind the `#` of the address, which no server sees: `#token=…`. Gone from it afterwards, so that nobody
 * passes it on with a link. */
export function takeToken(location: Location, history: History): string {
  const parameters = new URLSearchParams(location.hash.slice(1));
  const token = parameters.get("token") ?? "";
  if (token) {
    parameters.delete("token");
    const rest = parameters.toString();
    history.replaceState(null, "", location.pathname + location.search + (rest ? `#${rest}` : ""));
  }
  return token;
}
