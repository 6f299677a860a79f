"""What a log call costs its caller, over a handler that does nothing: ours and the standard QueueHandler, in turn."""

from __future__ import annotations

import gc
import logging
import queue
import time
from collections.abc import Callable
from logging.handlers import QueueHandler, QueueListener
from typing import Any

from tailrace.agent import flush
from tailrace.handler import TailraceHandler
from tests.bench.children.talking import arguments, say

EXTRA = {"request_id": "4f1c09d2", "path": "/v2/servers"}

# Seconds that the agent gets to ship a burst, and that it is left alone where there is no Redis.
FLUSH, REST = 10.0, 0.02

Burst = dict[str, list[float]]


class Way:
    """One handler, and what ends a burst: whoever works in the background is done with it."""

    def __init__(self, name: str, handler: logging.Handler, settle: Callable[[], object]) -> None:
        self.name = name
        self.settle = settle
        self.logger = logging.Logger(name, logging.DEBUG)
        self.logger.addHandler(handler)


def main() -> None:
    given = arguments()
    ways = make_ways(given)
    found: dict[str, dict[str, Burst]] = {
        kind: {way.name: {"cpu": [], "p50": [], "p99": []} for way in ways} for kind in ("plain", "extra")
    }
    for i in range(-1, given["rounds"]):
        for way in ways if i % 2 else reversed(ways):
            for kind, extra in (("plain", None), ("extra", EXTRA)):
                burst = measure(way, extra, given["calls"])
                if i >= 0:  # the one before is the warm-up
                    for name, value in burst.items():
                        found[kind][way.name][name].append(value)
    say(found)


def make_ways(given: dict[str, Any]) -> list[Way]:
    listened: queue.SimpleQueue[Any] = queue.SimpleQueue()
    listener = QueueListener(listened, logging.NullHandler())
    listener.start()
    left: queue.SimpleQueue[Any] = queue.SimpleQueue()
    place = {"url": given["url"], "service": "bench", "spool_dir": given["spool_dir"]}
    settle: Callable[[], object] = (lambda: flush(FLUSH)) if given["redis"] else (lambda: time.sleep(REST))
    return [
        Way("nothing", logging.NullHandler(), int),
        Way("agent", TailraceHandler(stream="bench", redact=False, **place), settle),
        Way("redacted", TailraceHandler(stream="redacted", **place), settle),
        Way("listened", QueueHandler(listened), lambda: wait_until_empty(listened)),
        Way("queue", QueueHandler(left), lambda: empty(left)),
    ]


def measure(way: Way, extra: dict[str, str] | None, calls: int) -> dict[str, float]:
    """µs a call: of this thread's CPU time, and by the clock."""
    info = way.logger.info
    gc.collect()
    began = time.thread_time_ns()
    for i in range(calls):
        info("user %s logged in %d", "bob", i, extra=extra)
    cpu = time.thread_time_ns() - began
    way.settle()
    clock, times = time.perf_counter_ns, []
    for i in range(calls):
        before = clock()
        info("user %s logged in %d", "bob", i, extra=extra)
        times.append(clock() - before)
    way.settle()
    times.sort()
    return {"cpu": cpu / calls / 1000, "p50": times[calls // 2] / 1000, "p99": times[calls * 99 // 100] / 1000}


def wait_until_empty(waiting: queue.SimpleQueue[Any]) -> None:
    while not waiting.empty():
        time.sleep(0.001)


def empty(waiting: queue.SimpleQueue[Any]) -> None:
    while not waiting.empty():
        waiting.get_nowait()


if __name__ == "__main__":
    main()
