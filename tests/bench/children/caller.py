"""One way to get records out of a process: what a call costs its caller, what memory it takes, how long the exit."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable, Sequence
from logging.handlers import QueueHandler, QueueListener
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from tests.bench.children.talking import arguments, say

WARM_UP = 500

# Seconds that whoever works in the background gets before the next burst.
REST = 0.05
BURST = 1000

Info = Callable[..., None]


def main() -> None:
    given = arguments()
    before = resident_mib()
    info = WAYS[given["way"]](given)
    for i in range(WARM_UP):
        info("user %s logged in %d", "bob", i)
    time.sleep(REST)
    gc.collect()
    times: list[int] = []
    cpu = 0
    while len(times) < given["calls"]:
        cpu += burst(info, times)
        time.sleep(REST)
    memory = resident_mib() - before
    times.sort()
    say(
        {
            "cpu": cpu / len(times) / 1000,
            "p50": times[len(times) // 2] / 1000,
            "p99": times[len(times) * 99 // 100] / 1000,
            "memory": memory,
        }
    )
    # The end of the process is the parent's to measure: it begins here.


def burst(info: Info, times: list[int]) -> int:
    clock = time.perf_counter_ns
    began = time.thread_time_ns()
    for i in range(BURST):
        before = clock()
        info("user %s logged in %d", "bob", i)
        times.append(clock() - before)
    return time.thread_time_ns() - began


def resident_mib() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def by_logging(handler: logging.Handler) -> Info:
    logger = logging.getLogger("bench")
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(handler)
    return logger.info


def nothing(given: dict[str, Any]) -> Info:
    return by_logging(logging.NullHandler())


def tailrace(given: dict[str, Any]) -> Info:
    from tailrace import TailraceHandler

    return by_logging(TailraceHandler(url=given["url"], stream="bench", service="bench", spool_dir=given["spool_dir"]))


def queue(given: dict[str, Any]) -> Info:
    waiting: SimpleQueue[Any] = SimpleQueue()
    QueueListener(waiting, logging.NullHandler()).start()
    return by_logging(QueueHandler(waiting))


def opentelemetry(given: dict[str, Any]) -> Info:
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter, LogRecordExportResult

    class Nowhere(LogRecordExporter):
        def export(self, batch: Sequence[Any]) -> LogRecordExportResult:
            return LogRecordExportResult.SUCCESS

        def force_flush(self, timeout_millis: int = 0) -> bool:
            return True

        def shutdown(self) -> None: ...

    provider = LoggerProvider()
    exporter = OTLPLogExporter(endpoint=f"http://127.0.0.1:{given['port']}/v1/logs") if given["down"] else Nowhere()
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    return by_logging(LoggingHandler(logger_provider=provider))


def logstash(given: dict[str, Any]) -> Info:
    from logstash_async.handler import AsynchronousLogstashHandler  # type: ignore[import-untyped]

    return by_logging(AsynchronousLogstashHandler("127.0.0.1", given["port"], database_path=None))


def loguru(given: dict[str, Any]) -> Info:
    from loguru import logger

    logger.remove()
    logger.add(lambda message: None, enqueue=True)
    return lambda text, name, number: logger.info("user {} logged in {}", name, number)


WAYS: dict[str, Callable[[dict[str, Any]], Info]] = {
    way.__name__: way for way in (nothing, tailrace, queue, opentelemetry, logstash, loguru)
}


if __name__ == "__main__":
    main()
