// From a record or a gap to an element. Log text is text: it reaches the page by textContent alone.

import { parseId } from "./ledger.js";

// Characters of a message in its line, and of a text in the opened line.
const LINE_LENGTH = 2_000;
const TEXT_LENGTH = 100_000;

// What an opened line tells besides, in this order; what is as usual is left out.
const FACTS = [
  "action", "service", "host", "pid", "process", "thread", "module", "function", "line", "kind", "source", "line_number",
  "trace_id", "span_id", "id", "time", "producer", "seq",
];
const USUAL = new Set(["log", "logging", "MainProcess", "MainThread"]);

const WHY = {
  trimmed: "retention removed them before they were read",
  cleared: "somebody cleared the stream",
  agent_dropped: "an agent had no room for them",
  unreadable: "their frame is damaged",
  unexplained: "they are missing without a word, which must not happen",
};

const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

// A line of the list: its element, its place, and the text that the filter looks into.
export function recordLine(record) {
  const element = make("details", "line");
  element.dataset.level = levelClass(record.level_number);
  element.append(summaryOf(record));
  element.addEventListener("toggle", () => element.append(detailOf(record)), { once: true });
  const text = [record.stream, record.level, record.logger, record.message, record.exception, fieldsText(record)];
  return { element, stream: record.stream, ...parseId(record.id), time: record.time, text: text.join("\n").toLowerCase() };
}

export function gapLine(gap) {
  const element = make("p", "gap", gapText(gap));
  element.dataset.reason = gap.reason;
  const place = gap.before ? parseId(gap.before) : { ms: Infinity, n: 0 };
  // It stands before the record that follows it, and a fork that withdraws that number leaves it.
  return { element, stream: gap.stream, ms: place.ms, n: 0, time: "", text: "" };
}

function gapText({ stream, count, reason, by_level: byLevel }) {
  if (reason === "epoch") return `${stream}: Redis lost its records and their numbering; nobody can say how many`;
  if (reason === "cleared" && count === 0) return `${stream} was cleared`;
  const records = count === 1 ? "1 record" : `${count.toLocaleString("en")} records`;
  if (reason === "fork") return `${stream}: ${records} withdrawn by a failover; what agents send again comes again`;
  const levels = Object.entries(byLevel ?? {}).map(([level, number]) => `${number.toLocaleString("en")} ${level}`);
  return `${stream}: ${records} lost: ${WHY[reason] ?? reason}${levels.length ? ` (${levels.join(", ")})` : ""}`;
}

function summaryOf(record) {
  const summary = make("summary");
  summary.tabIndex = -1; // the arrow keys reach it; five thousand tab stops would help nobody
  const time = make("time", "", timeText(record.time));
  time.title = record.time;
  const stream = make("span", "stream", record.stream);
  stream.style.setProperty("--hue", hueOf(record.stream));
  const text = make("span", "text");
  text.append(make("span", "logger", visible(record.logger)), " ", make("span", "message", headOf(record.message)));
  const more = moreText(record);
  if (record.kind !== "log") text.prepend(make("span", "kind", visible(record.kind)), " ");
  if (more) text.append(" ", make("span", "more", more));
  if (record.fields) text.append(" ", make("span", "fields", visible(fieldsText(record).slice(0, 300))));
  summary.append(time, make("span", "level", visible(record.level)), stream, text);
  return summary;
}

function detailOf(record) {
  const detail = make("div", "detail");
  if (isFolded(record.message)) detail.append(make("pre", "message", bounded(record.message)));
  if (record.exception) detail.append(make("pre", "exception", bounded(record.exception)));
  const facts = make("dl");
  for (const [name, value] of Object.entries(record.fields ?? {})) addFact(facts, name, value);
  if (record.metadata !== undefined) addFact(facts, "metadata", record.metadata);
  for (const name of FACTS) if (name in record && !USUAL.has(record[name])) addFact(facts, name, record[name]);
  detail.append(facts);
  return detail;
}

function addFact(list, name, value) {
  list.append(make("dt", "", visible(name)), make("dd", "", bounded(valueText(value))));
}

function isFolded(message) {
  return message.length > LINE_LENGTH || message.includes("\n");
}

function headOf(message) {
  const head = message.split("\n", 1)[0];
  return visible(head.length > LINE_LENGTH ? `${head.slice(0, LINE_LENGTH)} …` : head);
}

function moreText({ message, exception }) {
  const lines = message.split("\n").length - 1;
  const parts = [];
  if (lines) parts.push(lines === 1 ? "+1 line" : `+${lines} lines`);
  else if (message.length > LINE_LENGTH) parts.push(`${message.length.toLocaleString("en")} characters`);
  if (exception) parts.push(visible(exception.trimEnd().split("\n").at(-1).slice(0, 200)));
  return parts.join(" · ");
}

function bounded(text) {
  const rest = text.length - TEXT_LENGTH;
  if (rest <= 0) return visible(text);
  return `${visible(text.slice(0, TEXT_LENGTH))}\n… and ${rest.toLocaleString("en")} characters more`;
}

function fieldsText({ fields }) {
  return Object.entries(fields ?? {}).map(([name, value]) => `${name}=${valueText(value)}`).join(" ");
}

function valueText(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}

// Shows what is invisible or would rearrange the text: control characters, and those that turn its direction.
function visible(text) {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, (character) => {
    const code = character.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? "\u2421" : `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}

// The browser's own time zone, to the millisecond.
function timeText(time) {
  return `${clock.format(new Date(time))}.${time.slice(20, 23)}`;
}

function levelClass(number) {
  if (number >= 50) return "critical";
  if (number >= 40) return "error";
  if (number >= 30) return "warning";
  return number >= 20 ? "info" : "debug";
}

// The same colour for the same name, here and in every other tab.
export function hueOf(name) {
  let hash = 0;
  for (const character of name) hash = (hash * 37 + character.codePointAt(0)) % 9973;
  return (hash * 77) % 360;
}

export function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}
