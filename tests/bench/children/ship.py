"""Ships records made beforehand, with the agent or as redis-py's pipelines do it, until Redis has them all."""

from __future__ import annotations

import json
import logging
import resource
import time
from typing import Any

import redis

from tailrace.agent import flush
from tailrace.handler import TailraceHandler
from tests.bench.children.produce import fields_of
from tests.bench.children.talking import arguments, say
from tests.bench.corpus import log_records

# Records in one pipeline.
PIPELINE = 100

# Records before the measurement: connecting and the first spool segment come once in a process's life.
FIRST = 10

# The peer's stream and channel.
PLAIN = "plain"

FLUSH = 60.0


def main() -> None:
    given = arguments()
    records = log_records(given["count"] + FIRST)
    ship = Agent(given).ship if given["how"] == "agent" else Pipeline(given).ship
    ship(records[:FIRST])
    began, cpu = time.perf_counter(), cpu_seconds()
    ship(records[FIRST:])
    say({"seconds": time.perf_counter() - began, "cpu": cpu_seconds() - cpu})


class Agent:
    def __init__(self, given: dict[str, Any]) -> None:
        self._handler = TailraceHandler(
            url=given["url"], stream=given["stream"], service="bench", spool_dir=given["spool_dir"]
        )

    def ship(self, records: list[logging.LogRecord]) -> None:
        handle = self._handler.handle
        for record in records:
            handle(record)
        assert flush(FLUSH), "the agent did not ship everything"


class Pipeline:
    def __init__(self, given: dict[str, Any]) -> None:
        self._client = redis.Redis.from_url(given["url"])

    def ship(self, records: list[logging.LogRecord]) -> None:
        for i in range(0, len(records), PIPELINE):
            pipeline = self._client.pipeline(transaction=False)
            for record in records[i : i + PIPELINE]:
                text = json.dumps(fields_of(record))
                pipeline.xadd(PLAIN, {"record": text})
                pipeline.publish(PLAIN, text)
            pipeline.execute()


def cpu_seconds() -> float:
    """User and system time of this process, all of its threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
