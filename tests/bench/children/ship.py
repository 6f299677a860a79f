"""Ships records made beforehand, with the agent or as redis-py's pipelines do it, until Redis has them all."""

from __future__ import annotations

import gc
import json
import logging
import resource
import time
from typing import Any

import redis

from tailrace.agent import flush
from tailrace.handler import TailraceHandler
from tailrace.wire import Keys
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
    records = log_records(given["count"])
    ship = Agent(given).ship if given["how"] == "agent" else Pipeline(given).ship
    ship(log_records(FIRST))
    # No application holds a hundred thousand records that the garbage collector has to visit.
    gc.collect()
    gc.freeze()
    began, cpu = time.perf_counter(), cpu_seconds()
    drained = ship(records)
    say({"seconds": time.perf_counter() - began, "cpu": cpu_seconds() - cpu, "drained": drained})


# Both let go of every record when they are done with it, as `logging` does.


class Agent:
    def __init__(self, given: dict[str, Any]) -> None:
        self._client = redis.Redis.from_url(given["url"])
        self._meta = Keys().meta(given["stream"])
        self._handler = TailraceHandler(
            url=given["url"], stream=given["stream"], service="bench", spool_dir=given["spool_dir"]
        )

    def ship(self, records: list[logging.LogRecord]) -> float:
        """Gives records a second that left the spool when all was logged, and nothing but shipping was left to do."""
        handle = self._handler.handle
        before, count = self._arrived(), len(records)
        while records:
            handle(records.pop())
        left, began = before + count - self._arrived(), time.perf_counter()
        assert flush(FLUSH), "the agent did not ship everything"
        return left / (time.perf_counter() - began)

    def _arrived(self) -> int:
        number: Any = self._client.hget(self._meta, "n")
        return int(number or 0)


class Pipeline:
    def __init__(self, given: dict[str, Any]) -> None:
        self._client = redis.Redis.from_url(given["url"])

    def ship(self, records: list[logging.LogRecord]) -> float:
        began, count = time.perf_counter(), len(records)
        while records:
            pipeline = self._client.pipeline(transaction=False)
            for _ in range(min(PIPELINE, len(records))):
                text = json.dumps(fields_of(records.pop()))
                pipeline.xadd(PLAIN, {"record": text})
                pipeline.publish(PLAIN, text)
            pipeline.execute()
        return count / (time.perf_counter() - began)


def cpu_seconds() -> float:
    """User and system time of this process, all of its threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
