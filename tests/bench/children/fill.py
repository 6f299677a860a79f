"""Fills a stream with full frames, as fast as frames can be made."""

from __future__ import annotations

import time
from itertools import cycle

from tailrace.wire import MAX_RECORDS, Record, pack_record
from tests.bench.children.appending import LEVEL, Appender
from tests.bench.children.talking import arguments, say
from tests.bench.corpus import tagged_lines


def main() -> None:
    given = arguments()
    appender = Appender(given["url"], given["stream"])
    now = time.time_ns() // 1000
    batches = cycle(packed_batches(now))
    middle = "0-0"
    for first in range(1, given["count"] + 1, MAX_RECORDS):
        answer = appender.append(next(batches)[: given["count"] - first + 1], now, now)
        if first <= given["count"] // 2:
            middle = str(answer.id)
    say({"middle": middle})


def packed_batches(now: int) -> list[list[bytes]]:
    packed = [
        pack_record(Record(time=now, level_number=LEVEL, logger=f"app.{system}", message=line, module="app", line=7))
        for system, line in tagged_lines()
    ]
    return [packed[i : i + MAX_RECORDS] for i in range(0, len(packed) - MAX_RECORDS + 1, MAX_RECORDS)]


if __name__ == "__main__":
    main()
