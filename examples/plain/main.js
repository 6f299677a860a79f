// The client as `make setup` (or `npm run build -w client` in relay/web) builds it. A page of yours has it from
// `npm install @tailrace/client`, or from a copy of that folder beside it.
import { connect } from "../../relay/web/client/dist/index.js";

// Lines that stay on the page; all others stay in Redis.
const LIMIT = 2000;

const parameters = new URLSearchParams(location.search);
const streams = parameters.get("streams") ?? "*";
// Several gateways before the same Redis: when one is lost, another goes on where it left off.
const gateways = (parameters.get("gateway") ?? "http://127.0.0.1:8000").split(",");

const lines = document.getElementById("lines");
const badge = document.getElementById("badge");
const connectionText = document.getElementById("connection");
const proofText = document.getElementById("proof");
document.getElementById("streams").textContent = streams === "*" ? "all streams" : streams;

// Behind the # of the address no server sees it; and in the address it would be copied, bookmarked and looked over.
const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
history.replaceState(null, "", location.pathname + location.search);

const client = connect(gateways, { token });
const subscription = client.subscribe({ streams, query: parameters.get("query") ?? "", tail: 100 });

subscription.listen((event) => {
  const atEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 20;
  if (event.type === "records") lines.append(...event.records.map(line));
  else if (event.type === "gap") showGap(event.gap);
  while (lines.children.length > LIMIT) lines.firstElementChild.remove();
  if (atEnd) lines.scrollTop = lines.scrollHeight;
  showBadge();
});

/** A record as a line. Its text is only ever text: what is logged may be anything. */
function line(record) {
  const item = document.createElement("div");
  item.dataset.stream = record.stream;
  item.dataset.id = record.id;
  item.dataset.level = record.level_number >= 40 ? "error" : record.level_number >= 30 ? "warning" : "info";
  const time = document.createElement("time");
  time.dateTime = record.time;
  time.textContent = new Date(record.time).toLocaleTimeString();
  const text = [record.message, record.exception].filter(Boolean).join("\n");
  item.append(time, ` ${record.level} ${record.stream} ${text}`);
  return item;
}

/** Records that are not there, in their place. What was cleared or withdrawn is not shown any more. */
function showGap(gap) {
  if (gap.reason === "epoch") renumber(gap.stream);
  if (gap.reason === "fork") remove(gap.stream, (n) => n > numberIn(gap.after));
  if (gap.reason === "cleared") remove(gap.stream, (n) => n <= numberIn(gap.after));
  const item = document.createElement("div");
  item.className = "gap";
  item.textContent = `${gap.stream}: ${describe(gap)}`;
  lines.append(item);
}

function describe({ count, reason }) {
  if (reason === "fork") return `Redis fell back behind its last ${count} records; what agents still have comes again`;
  if (reason === "epoch") return "Redis began anew; nobody knows how many records are missing";
  // All of them had come.
  if (count === 0) return "cleared";
  return `${count} records are missing (${reason})`;
}

/** A stream's numbers begin anew: what it has stands before all of them, whatever its number was. */
function renumber(stream) {
  for (const item of linesOf(stream)) item.dataset.id = "0-0";
}

function remove(stream, gone) {
  for (const item of linesOf(stream)) if (gone(numberIn(item.dataset.id))) item.remove();
}

/** The records of a stream that stay on the page. */
function linesOf(stream) {
  return [...lines.querySelectorAll("[data-id]")].filter((item) => item.dataset.stream === stream);
}

/** A record's number in its stream. */
function numberIn(id) {
  return Number((id ?? "0-0").split("-")[1]);
}

/** How the connection is, and that nothing is missing. */
function showBadge() {
  const { connection, gateway, error } = subscription.state;
  const { records, declared, duplicates, reconnects, whole } = subscription.prove();
  const text =
    connection === "connected" ? `Connected to ${gateway}` : connection === "refused" ? error?.message : connection;
  badge.dataset.connection = connection;
  // Screen readers say whatever is put here: only what is new, and not how many records there are.
  if (connectionText.textContent !== text) connectionText.textContent = text;
  proofText.textContent = [
    `· ${records} records`,
    `${declared} lost`,
    `${duplicates} duplicated`,
    `${reconnects} reconnects`,
    whole ? "complete" : "NOT COMPLETE",
  ].join(" · ");
}
