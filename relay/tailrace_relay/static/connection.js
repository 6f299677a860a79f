// One subscription that stays alive: the socket, the newest cursor, and which gateway comes next.

const GREETING_TIMEOUT = 5_000; // ms
const SILENCE = 15_000; // ms; a gateway sends something every 5 s
const SHORTEST_DELAY = 500; // ms
const LONGEST_DELAY = 20_000; // ms

// Records to begin with.
const TAIL = 200;

const GOING_AWAY = 3000;

export class Connection {
  #gateways;
  #onState;
  #onMessage;
  #query = {};
  #cursor = null;
  #socket = null;
  #state = "";
  #timer = 0;
  #attempts = 0;

  // onState(state, text): "connecting", "connected" (text: the gateway's name), "disconnected", "held", and "refused"
  // (text: the reason). onMessage(message): what stands in docs/PROTOCOL.md, B3.
  constructor(gateways, onState, onMessage) {
    this.#gateways = [...gateways];
    this.#onState = onState;
    this.#onMessage = onMessage;
    addEventListener("online", () => this.retry());
  }

  // The address of the gateway in use.
  get gateway() {
    return this.#gateways[0];
  }

  // Begins anew with another question.
  follow(query) {
    this.#query = query;
    this.#cursor = null;
    this.#attempts = 0;
    this.#open();
  }

  // Lets go of the gateway: what comes meanwhile stays in Redis, and `resume` fetches it.
  hold() {
    this.#drop();
    this.#say("held", "");
  }

  resume() {
    this.#attempts = 0;
    this.#open();
  }

  // Tries at once, if it is waiting to try.
  retry() {
    if (this.#state === "disconnected") this.resume();
  }

  // After a refusal: without the cursor, which may be what was refused.
  restart() {
    this.follow(this.#query);
  }

  #open() {
    this.#drop();
    this.#say("connecting", "");
    const socket = new WebSocket(this.#address());
    socket.onmessage = (event) => this.#hear(JSON.parse(event.data));
    socket.onclose = (event) => this.#lost(event.code, event.reason);
    this.#socket = socket;
    this.#expectWithin(GREETING_TIMEOUT);
  }

  #address() {
    const address = new URL("api/live", this.gateway);
    address.protocol = address.protocol.replace("http", "ws");
    const start = this.#cursor ? { after: this.#cursor } : { tail: TAIL };
    address.search = new URLSearchParams({ ...this.#query, ...start });
    return address;
  }

  #hear(message) {
    this.#expectWithin(SILENCE);
    if (message.type === "hello") {
      this.#attempts = 0;
      this.#say("connected", message.gateway);
    }
    // Before the cursor moves: what cannot be taken is asked for again.
    this.#onMessage(message);
    if (message.cursor) this.#cursor = message.cursor;
  }

  // A connection can die without a word: whoever is silent for so long is left.
  #expectWithin(time) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#lost(0, ""), time);
  }

  #lost(code, reason) {
    this.#drop();
    if (code >= 3500 && !this.#canGoElsewhere(code)) {
      this.#say("refused", reason || `close code ${code}`);
      return;
    }
    // The next one is asked next; one that does not want this page (4000 and above) never again.
    const gateway = this.#gateways.shift();
    if (code < 4000) this.#gateways.push(gateway);
    this.#say("disconnected", "");
    this.#timer = setTimeout(() => this.#open(), this.#delay(code));
    this.#attempts += 1;
  }

  #canGoElsewhere(code) {
    return code >= 4000 && this.#gateways.length > 1;
  }

  // Full jitter: the clients of a dead gateway do not come to the next one all at once.
  #delay(code) {
    if (code === GOING_AWAY && this.#attempts === 0) return 0;
    return Math.random() * Math.min(LONGEST_DELAY, SHORTEST_DELAY * 2 ** this.#attempts);
  }

  #say(state, text) {
    this.#state = state;
    this.#onState(state, text);
  }

  #drop() {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onmessage = socket.onclose = null;
    socket.close();
  }
}

// This page's own gateway first, then those that its address names: ?gateways=http://127.0.0.1:8001,…
export function gatewaysOf(location) {
  const own = new URL(".", location.href);
  const named = (new URLSearchParams(location.search).get("gateways") || "").split(",");
  const others = named.filter((text) => /^https?:\/\//.test(text) && URL.canParse(text));
  const addresses = [own, ...others.map((text) => new URL(text.replace(/\/*$/, "/")))].map((address) => {
    address.search = address.hash = "";
    return address.href;
  });
  return [...new Set(addresses)];
}
