"""Fills a stream with full frames, as fast as frames can be made."""

from __future__ import annotations

import time
from itertools import cycle

import redis

from tailrace.wire import (
    MAX_RECORDS,
    SCRIPT,
    Answer,
    Facts,
    Keys,
    Record,
    append_call,
    join_frame,
    new_epoch,
    new_producer,
    pack_record,
)
from tests.bench.children.talking import arguments, say
from tests.bench.corpus import tagged_lines

FACTS = Facts(service="bench", host="bench-host", pid=4711, process="MainProcess").pack()


def main() -> None:
    given = arguments()
    client = redis.Redis.from_url(given["url"])
    producer, epoch, keys = new_producer(), new_epoch(), Keys()
    append = client.register_script(SCRIPT)
    now = time.time_ns() // 1000
    batches = cycle(packed_batches(now))
    middle = "0-0"
    for first in range(1, given["count"] + 1, MAX_RECORDS):
        batch = next(batches)[: given["count"] - first + 1]
        frame = join_frame(producer, first, FACTS, batch, highest_level=20, earliest=now, latest=now)
        names, values = append_call(
            keys,
            given["stream"],
            frame,
            producer=producer,
            count=len(batch),
            first_seq=first,
            shed=0,
            epoch=epoch,
            size=0,  # without limit: ten million records are more than a stream keeps
        )
        answer = Answer.parse(append(keys=names, args=values))
        if first <= given["count"] // 2:
            middle = str(answer.id)
    say({"middle": middle})


def packed_batches(now: int) -> list[list[bytes]]:
    packed = [
        pack_record(Record(time=now, level_number=20, logger=f"app.{system}", message=line, module="app", line=7))
        for system, line in tagged_lines()
    ]
    return [packed[i : i + MAX_RECORDS] for i in range(0, len(packed) - MAX_RECORDS + 1, MAX_RECORDS)]


if __name__ == "__main__":
    main()
