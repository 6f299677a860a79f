"""The viewer in Chromium: frames and memory while records pour in, a burst, filters, and a permanent link."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from urllib.request import urlopen

from tests.bench.chromium import Chromium, Page
from tests.bench.rig import Child, Rig
from tests.bench.table import Row, at_most, by_itself
from tests.servers import HOST, wait_for

__all__ = ["run"]

RATE = 10_000

# Records that the viewer holds at most.
CAPACITY = 200_000

# As browsers count memory.
MB = 1_000_000

# Seconds to wait for what should be there.
PATIENCE = 120.0

# Writes down when each frame came, from now on.
RECORD_FRAMES = """() => {
  window.frameTimes = [];
  const note = (time) => { window.frameTimes.push(time); requestAnimationFrame(note); };
  requestAnimationFrame(note);
}"""

# How many records are held, how many match, and how many have left, as the foot of the page says.
FOOT = "() => [...document.querySelectorAll('.sum-held b')].map((each) => Number(each.textContent.replace(/\\D/g, '')))"

CONNECTED = "() => document.querySelector('.badge')?.innerText.includes('Connected')"

# What was received, lost and received twice, as the badge says when it is opened.
PROOF = """async () => {
  const press = async () => {
    document.querySelector(".badge button").click();
    await new Promise((resolve) => setTimeout(resolve, 500));
  };
  await press();
  const said = document.querySelector(".badge").innerText;
  await press();
  return said;
}"""

WRITE = """(text) => {
  const box = document.querySelector("#query");
  box.focus();
  box.value = text;
  box.dispatchEvent(new InputEvent("input", { bubbles: true }));
}"""

# ms from a query in the box until the foot says how many match, and that is painted.
FILTER = """(text, matches) => new Promise((resolve) => {
  const box = document.querySelector("#query");
  const shown = () => document.querySelectorAll(".sum-held b")[1].textContent.replace(/\\D/g, "");
  const began = performance.now();
  const watch = new MutationObserver(() => {
    if (shown() !== String(matches)) return;
    watch.disconnect();
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - began)));
  });
  watch.observe(document.querySelector(".sum"), { subtree: true, childList: true, characterData: true });
  box.value = text;
  box.dispatchEvent(new InputEvent("input", { bubbles: true }));
})"""

# Has the browser itself say when it has painted a record, in ms from the begin of the navigation. Runs before what
# the page has of scripts.
WAIT_FOR_RECORD = """
  const wanted = %s;
  new PerformanceObserver((list) => {
    window.painted = list.getEntries()[0].renderTime;
  }).observe({ type: "element", buffered: true });
  new MutationObserver((_, watch) => {
    const line = [...document.querySelectorAll(".log-text")].find((each) => each.textContent.includes(wanted));
    if (!line) return;
    watch.disconnect();
    line.setAttribute("elementtiming", "record");
  }).observe(document, { subtree: true, childList: true, characterData: true });
"""

# Queries that select many, some and none of the benchmarks' lines, and never all: by word, expression, field and level.
QUERIES = ("7", "/[^0-9]1[0-9]+/ -99", "logger:*3", "-level:info")


def run(parent: Rig) -> list[Row]:
    with parent.part() as rig, Chromium(rig.folder()) as browser:
        url = rig.redis().url
        gateway = rig.gateway(url)
        rows = burst(rig, browser, url, gateway)
        rows += pouring(rig, browser, url, gateway)
        rows += permanent_link(rig, browser, url, gateway)
    return rows


def burst(rig: Rig, browser: Chromium, url: str, gateway: Child) -> list[Row]:
    """A hundred thousand records at once: each of them arrives."""
    count = rig.scaled(100_000, 5000)
    with following(browser, gateway, "burst") as page:
        page.evaluate(RECORD_FRAMES)
        began = time.perf_counter()
        rig.ran("fill", url=url, stream="burst", count=count)
        wait_for(lambda: (page.evaluate(FOOT) or [0])[0] >= min(count, CAPACITY), PATIENCE, f"{count} records")
        took = time.perf_counter() - began
        deltas = frame_times(page)
        proof = page.evaluate(PROOF)
        held, *_ = page.evaluate(FOOT)
    assert "0 lost · 0 duplicated" in proof, proof
    size = f"{count:,}".replace(",", " ")
    return [
        by_itself(f"burst of {size} records: missing", "records", [count - held], at_most(0)),
        by_itself("the same, from the first to the last shown", "s", [took]),
        by_itself("the same, longest frame", "ms", [max(deltas)]),
    ]


def pouring(rig: Rig, browser: Chromium, url: str, gateway: Child) -> list[Row]:
    """Ten thousand records a second for a minute; then filters over all that is held."""
    seconds = rig.scaled(60, 3)
    with following(browser, gateway, "pouring") as page:
        source = rig.child("pour", url=url, stream="pouring", rate=RATE, seconds=seconds)
        source.answer()
        page.evaluate(RECORD_FRAMES)
        poured = source.answer()["poured"]
        deltas = frame_times(page)
        received = wait_until_still(page)
        proof = page.evaluate(PROOF)
        assert "0 lost · 0 duplicated" in proof, proof
        rows = [
            by_itself(f"{RATE} records a second for {seconds} s: missing", "records", [poured - received], at_most(0)),
            by_itself("the same, animation frames: p95", "ms", [percentile(deltas, 95)], at_most(33)),
            by_itself("the same: longest", "ms", [max(deltas)], at_most(100)),
            by_itself("the same: animation frames per second", "/s", [len(deltas) / (sum(deltas) / 1000)]),
        ]
        held = page.evaluate(FOOT)[0]
        before, after = page.heap()
        size = f"{held:,}".replace(",", " ")
        slowest = max(filters(page, QUERIES[: rig.scaled(len(QUERIES), 1)]))
        rows += [
            by_itself(f"heap of page and worker with {size} records, as it was", "MB", [before / MB]),
            by_itself("the same without garbage", "MB", [after / MB], at_most(250)),
            by_itself(f"slowest filter of {size} records until painted", "ms", [slowest], at_most(200)),
        ]
    return rows


def permanent_link(rig: Rig, browser: Chromium, url: str, gateway: Child) -> list[Row]:
    """A link to a record in the middle of a long stream, in a browser that has never seen the page."""
    count = rig.scaled(1_000_000, 5000)
    middle = rig.ran("fill", url=url, stream="long", count=count)["middle"]
    record = record_of(gateway, "long", middle)
    took = [painted(browser, f"{address(gateway)}r/long/{middle}", record) for _ in range(rig.scaled(9, 1))]
    return [by_itself("permanent link until its record is painted", "ms", took, at_most(500))]


def painted(browser: Chromium, link: str, message: str) -> float:
    with browser.page() as page:
        page.before_scripts(WAIT_FOR_RECORD % json.dumps(message))
        page.goto(link)
        page.wait_for("() => window.painted", "the record")
        return float(page.evaluate("() => window.painted"))


def filters(page: Page, queries: Sequence[str]) -> list[float]:
    """ms of each query over all that is held."""
    found: list[float] = []
    for query in queries:
        matches = matching(page, query)  # also loads what reads queries
        reset(page)
        held, shown, *_ = page.evaluate(FOOT)
        assert matches != shown, f"{query} matches all: nobody sees when that is done"
        found.append(float(page.evaluate(FILTER, query, matches)))
        reset(page)
        assert page.evaluate(FOOT)[0] == held, "something has left, so that less was filtered"
    return found


def matching(page: Page, query: str) -> int:
    page.evaluate(WRITE, query)
    wait_until_still(page)
    return int(page.evaluate(FOOT)[1])


def reset(page: Page) -> None:
    page.evaluate(WRITE, "")
    wait_until_still(page)


def wait_until_still(page: Page) -> int:
    """Until the foot says the same for a second; how many records were received."""
    said: list[int] = []
    since = time.monotonic()
    while time.monotonic() - since < 1:
        now = page.evaluate(FOOT)
        if now != said:
            said, since = now, time.monotonic()
        time.sleep(0.05)
    held, _, *left = said
    return held + sum(left)


def frame_times(page: Page) -> list[float]:
    """ms between the frames since `RECORD_FRAMES`."""
    times = page.evaluate("() => window.frameTimes")
    return [later - earlier for earlier, later in pairwise(times)]


def percentile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part / 100))]


def record_of(gateway: Child, stream: str, record: str) -> str:
    """The message of a record."""
    with urlopen(f"{address(gateway)}api/streams/{stream}/records/context?id={record}&lines=0") as answer:
        return str(json.load(answer)["records"][0]["message"])


def address(gateway: Child) -> str:
    return f"http://{HOST}:{gateway.port}/"


@contextmanager
def following(browser: Chromium, gateway: Child, stream: str) -> Iterator[Page]:
    with browser.page() as page:
        page.goto(f"{address(gateway)}?streams={stream}")
        page.wait_for(CONNECTED, "the page to be connected")
        yield page
