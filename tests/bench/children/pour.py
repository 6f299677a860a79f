"""Appends records at a steady rate for some seconds; made beforehand, so that whoever is measured has the machine."""

from __future__ import annotations

import time
from itertools import cycle, islice

from tailrace.wire import Record, pack_record
from tests.bench.children.appending import LEVEL, Appender
from tests.bench.children.talking import arguments, say
from tests.bench.corpus import tagged_lines

# Frames in a second: as of five agents, each of which makes twenty at such rates.
FRAMES = 100

# Seconds at most to make a record.
MAKING = 0.00006


def main() -> None:
    given = arguments()
    appender = Appender(given["url"], given["stream"])
    count = given["rate"] // FRAMES
    lines = cycle(tagged_lines())
    begin = time.time() + given["rate"] * given["seconds"] * MAKING
    times = [int((begin + i / FRAMES) * 1e6) for i in range(given["seconds"] * FRAMES)]
    batches = [[packed(at, *line) for line in islice(lines, count)] for at in times]
    early = begin - time.time()
    assert early > 0, f"records were made so slowly that the first are {-early:.1f} s old"
    time.sleep(early)
    say({"pouring": count * len(batches)})
    for at, batch in zip(times, batches, strict=True):
        if (early := at / 1e6 - time.time()) > 0:
            time.sleep(early)
        appender.append(batch, at, at)
    say({"poured": len(batches) * count})


def packed(at: int, system: str, line: str) -> bytes:
    name = f"app.{system.lower()}"
    return pack_record(Record(time=at, level_number=LEVEL, logger=name, message=line, module="app", line=7))


if __name__ == "__main__":
    main()
