// The live page: what it shows, and what its controls do.

import { Connection, gatewaysOf } from "./connection.js";
import { Ledger } from "./ledger.js";
import { gapLine, hueOf, make, recordLine } from "./lines.js";

// Lines in the list, and messages that wait while it is held.
const LIMIT = 5_000;
// Characters in the list: long lines are fewer.
const TEXT_LIMIT = 20_000_000;

// Pixels from the end that still count as being there.
const NEAR_END = 24;

const LIST_STREAMS_EVERY = 10_000; // ms
const HIDDEN_FLUSH = 500; // ms; a hidden page gets no animation frames

const page = Object.fromEntries([...document.querySelectorAll("[id]")].map((element) => [element.id, element]));
const connection = new Connection(gatewaysOf(location), showState, receive);

let question = questionOf(location);
let ledger = new Ledger(true);
let reconnects = 0;

const known = new Set(); // names of streams
const lines = []; // as they stand in the list
const waiting = []; // records and gaps that do not
let textLength = 0;
let dropped = 0;
let paused = false;
let following = true;
let lastTop = 0; // where the list was scrolled to
let resting = false; // so much waits that the connection was let go
let flushing = false;

// The question: which streams, from which level on

function questionOf({ search }) {
  const parameters = new URLSearchParams(search);
  const streams = (parameters.get("streams") || "*").split(",").filter(Boolean);
  return { streams, level: parameters.get("level") || "" };
}

function ask(streams, level) {
  question = { streams, level };
  const address = new URL(location.href);
  address.searchParams.set("streams", streams.join(","));
  if (level) address.searchParams.set("level", level);
  else address.searchParams.delete("level");
  history.replaceState(null, "", address);
  follow();
}

function follow() {
  ledger = new Ledger(!question.level);
  reconnects = -1; // the first connection is none
  waiting.length = 0;
  clearLines();
  resting = false;
  following = true;
  setPaused(false);
  showStreams();
  page.level.value = question.level;
  const query = { streams: question.streams.join(",") };
  connection.follow(question.level ? { ...query, level: question.level } : query);
}

function chooseStream(name) {
  const chosen = question.streams.filter((stream) => stream !== "*");
  const rest = chosen.filter((stream) => stream !== name);
  const streams = name === "*" ? [] : rest.length < chosen.length ? rest : [...rest, name];
  ask(streams.length ? streams : ["*"], question.level);
}

function showStreams() {
  const names = ["*", ...new Set([...known, ...question.streams.filter((name) => name !== "*")])].sort();
  const held = document.activeElement?.dataset?.stream;
  page.streams.replaceChildren(page.streams.firstElementChild, ...names.map(streamChoice));
  page.streams.querySelector(`input[data-stream="${CSS.escape(held ?? "")}"]`)?.focus();
}

function streamChoice(name) {
  const label = make("label", "choice");
  const box = make("input");
  box.type = "checkbox";
  box.checked = question.streams.includes(name);
  box.dataset.stream = name;
  box.addEventListener("change", () => chooseStream(name));
  label.style.setProperty("--hue", hueOf(name));
  label.append(box, make("span", name === "*" ? "" : "stream", name === "*" ? "all" : name));
  return label;
}

function learnStreams(names) {
  const before = known.size;
  names.forEach((name) => known.add(name));
  if (known.size === before) return;
  page.lines.style.setProperty("--names", `${Math.max(...[...known].map((name) => name.length))}ch`);
  showStreams();
}

async function listStreams() {
  try {
    const answer = await fetch(new URL("api/streams", connection.gateway));
    if (answer.ok) learnStreams((await answer.json()).streams.map(({ stream }) => stream));
  } catch {
    // The gateway is away: the connection says so, and the list is asked for again.
  }
}

// What comes

function receive(message) {
  if (message.type === "records") {
    waiting.push(...ledger.take(message.stream, message.records));
    learnStreams([message.stream]);
  } else if (message.type === "gap") {
    ledger.declare(message);
    waiting.push(message);
  } else if (message.type === "error") {
    showNotice(message.message);
  }
  if (isHeld() && waiting.length >= LIMIT) rest();
  schedule();
}

// The cursor stands behind what waits: the rest stays in Redis and comes when the reader goes on.
function rest() {
  resting = true;
  queueMicrotask(() => resting && connection.hold()); // once the cursor of this message is noted
}

function goOnReading() {
  resting = false;
  reconnects -= 1; // nothing broke
  connection.resume();
}

function isHeld() {
  return paused || !following;
}

function schedule() {
  if (flushing) return;
  flushing = true;
  if (document.hidden) setTimeout(flush, HIDDEN_FLUSH);
  else requestAnimationFrame(flush);
}

function flush() {
  flushing = false;
  if (!isHeld()) {
    skipUnseen();
    waiting.splice(0).forEach(show);
    trim();
    if (resting) goOnReading();
  }
  showCounts();
  if (following) scrollToEnd();
}

// What would leave the list in this same step is not made at all.
function skipUnseen() {
  const surplus = waiting.length - LIMIT;
  if (surplus <= 0) return;
  dropped += surplus;
  waiting.splice(0, surplus);
}

function show(item) {
  if (item.type === "gap") {
    if (item.reason === "fork") withdraw(item);
    place(gapLine(item));
  } else {
    place(recordLine(item));
  }
}

// By the time of appending among all streams, then by the record's own; within one stream the order is never touched.
function place(line) {
  let index = lines.length;
  while (index > 0 && belongsBehind(lines[index - 1], line)) index -= 1;
  page.lines.insertBefore(line.element, lines[index]?.element ?? null);
  lines.splice(index, 0, line);
  textLength += line.text.length;
  applyFilter(line);
}

function belongsBehind(placed, line) {
  const later = placed.ms > line.ms || (placed.ms === line.ms && placed.time > line.time);
  return later && placed.stream !== line.stream;
}

function withdraw({ stream, after }) {
  const last = after ? Number(after.split("-")[1]) : 0;
  lines.filter((line) => line.stream === stream && line.n > last).forEach((line) => {
    lines.splice(lines.indexOf(line), 1);
    remove(line);
  });
}

function trim() {
  let surplus = Math.max(lines.length - LIMIT, 0);
  let length = textLength - lines.slice(0, surplus).reduce((sum, line) => sum + line.text.length, 0);
  while (length > TEXT_LIMIT && surplus < lines.length - 1) length -= lines[surplus++].text.length;
  dropped += surplus;
  lines.splice(0, surplus).forEach(remove);
}

function remove(line) {
  line.element.remove();
  textLength -= line.text.length;
}

function clearLines() {
  lines.length = textLength = dropped = 0;
  page.lines.replaceChildren();
  following = true;
  schedule();
}

// The filter looks at what is in the list; nothing is asked anew

function applyFilter(line) {
  const words = page.filter.value.toLowerCase();
  line.element.hidden = Boolean(words) && Boolean(line.text) && !line.text.includes(words);
}

function filterAll() {
  lines.forEach(applyFilter);
  schedule();
}

// Holding and going on

function setPaused(value) {
  paused = value;
  page.pause.textContent = paused ? "Resume" : "Pause";
  page.pause.setAttribute("aria-pressed", paused);
  schedule();
}

function goOn() {
  following = true;
  setPaused(false);
}

// Only an upward move leaves the end: what grows below by itself does not.
function followScrolling() {
  const movedUp = page.scroller.scrollTop < lastTop;
  lastTop = page.scroller.scrollTop;
  following = isAtEnd() || (following && !movedUp);
  schedule();
}

// Whoever opens a line wants to read it.
function followOpening() {
  following = isAtEnd();
  schedule();
}

function isAtEnd() {
  const { scrollHeight, scrollTop, clientHeight } = page.scroller;
  return scrollHeight - scrollTop - clientHeight < NEAR_END;
}

function scrollToEnd() {
  page.scroller.scrollTop = page.scroller.scrollHeight;
  lastTop = page.scroller.scrollTop;
}

function moveAmongLines(event) {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!step) return;
  const visible = lines.filter((line) => !line.element.hidden && line.element.firstElementChild);
  const at = visible.findIndex((line) => line.element.contains(document.activeElement));
  const target = at < 0 ? visible.at(-1) : visible[at + step];
  target?.element.firstElementChild.focus();
  event.preventDefault();
}

// A text that was selected in a line is to be copied, not to open the line.
function keepSelection(event) {
  if (!getSelection().isCollapsed && event.target.closest("summary")) event.preventDefault();
}

// What is said about it all

function showState(state, text) {
  const words = { connecting: "Connecting", connected: "Connected", disconnected: "Disconnected", held: "Held", refused: "Disconnected" };
  page.connection.dataset.state = state;
  page.state.textContent = words[state];
  page.gateway.textContent = text && state === "connected" ? `to ${text}` : "";
  page.retry.hidden = state !== "disconnected" && state !== "refused";
  if (state === "connected") {
    reconnects += 1;
    showNotice("");
    listStreams();
  }
  if (state === "refused") showNotice(text);
  schedule();
}

function showNotice(text) {
  page.notice.textContent = text;
  page.notice.hidden = !text;
}

function showCounts() {
  const number = (value) => value.toLocaleString("en");
  page.received.textContent = number(ledger.received);
  page.lost.textContent = `${ledger.uncertain ? "at least " : ""}${number(ledger.lost)} lost`;
  page.lost.classList.toggle("bad", ledger.lost > 0 || ledger.uncertain);
  page.duplicated.textContent = `${number(ledger.duplicated)} duplicated`;
  page.duplicated.classList.toggle("bad", ledger.duplicated > 0);
  page.reconnects.textContent = reconnects === 1 ? "1 reconnect" : `${Math.max(reconnects, 0)} reconnects`;
  page.newer.textContent = `${number(waiting.length)}${resting ? "+" : ""} new`;
  page.newer.hidden = !isHeld() || waiting.length === 0;
  page.older.textContent = `${number(dropped)} older lines are no longer shown here`;
  page.older.hidden = dropped === 0;
  page.empty.hidden = lines.length > 0;
}

page.level.addEventListener("change", () => ask(question.streams, page.level.value));
page.filter.addEventListener("input", filterAll);
page.controls.addEventListener("submit", (event) => event.preventDefault());
page.pause.addEventListener("click", () => setPaused(!paused));
page.clear.addEventListener("click", clearLines);
page.retry.addEventListener("click", () => (page.connection.dataset.state === "refused" ? connection.restart() : connection.retry()));
page.newer.addEventListener("click", goOn);
page.scroller.addEventListener("scroll", followScrolling, { passive: true });
page.scroller.addEventListener("keydown", moveAmongLines);
page.lines.addEventListener("click", keepSelection);
page.lines.addEventListener("toggle", followOpening, { capture: true });
document.addEventListener("visibilitychange", flush);
addEventListener("resize", () => following && schedule());
setInterval(() => document.hidden || listStreams(), LIST_STREAMS_EVERY);

follow();
