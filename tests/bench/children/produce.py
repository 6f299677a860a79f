"""Logs at a steady rate until it is killed: with the agent, or as the plain relay's producers do."""

from __future__ import annotations

import json
import logging
import os
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import cycle
from typing import Any

import redis

from tailrace.handler import TailraceHandler
from tests.bench.children.plain_relay import CHANNEL
from tests.bench.children.talking import arguments, say
from tests.bench.corpus import log_records

# Records to choose from.
SAMPLE = 5000


def main() -> None:
    given = arguments()
    handle = {"agent": agent, "publish": publisher}[given["how"]](given)
    say({"producing": True})
    interval, due = 1 / given["rate"], time.perf_counter()
    for record in cycle(log_records(SAMPLE)):
        due += interval
        if (early := due - time.perf_counter()) > 0:
            time.sleep(early)
        record.created = time.time()
        handle(record)


def agent(given: dict[str, Any]) -> Callable[[logging.LogRecord], Any]:
    handler = TailraceHandler(url=given["url"], stream=given["stream"], service="bench", spool_dir=given["spool_dir"])
    # Looked up at each call, as `logging` does: the handler puts a faster one there with the first record.
    return lambda record: handler.handle(record)


def publisher(given: dict[str, Any]) -> Callable[[logging.LogRecord], Any]:
    client = redis.Redis.from_url(given["url"])

    def publish(record: logging.LogRecord) -> None:
        client.publish(CHANNEL, json.dumps(fields_of(record)))

    return publish


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """What the agent's records carry too."""
    return {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
        "level": record.levelname,
        "level_number": record.levelno,
        "logger": record.name,
        "message": record.getMessage(),
        "module": record.module,
        "function": record.funcName,
        "line": record.lineno,
        "thread": record.threadName,
        "service": "bench",
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "process": record.processName,
    }


if __name__ == "__main__":
    main()
