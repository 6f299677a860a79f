"""Helpers around spools: numbered records in, what is left out."""

from __future__ import annotations

from tailrace.errors import SpoolFull
from tailrace.spool.reader import SpoolReader, Stream
from tailrace.spool.segment import tag_of
from tailrace.spool.slot import Slot
from tailrace.spool.spool import Spool
from tailrace.wire import Record, level_class, pack_record

DEBUG, INFO, WARNING, ERROR = 10, 20, 30, 40


def put(spool: Spool, slot: Slot, message: str, level: int = INFO, *, audit: bool = False) -> None:
    record = Record(time=1_763_683_200_000_000, level_number=level, logger="test", message=message)
    spool.append(slot, tag_of(level, audit=audit), record.time, pack_record(record))


def try_put(spool: Spool, slot: Slot, message: str, level: int = INFO, *, audit: bool = False) -> bool:
    try:
        put(spool, slot, message, level, audit=audit)
    except SpoolFull:
        return False
    return True


def left_in(spool: Spool, name: str = "s") -> Stream:
    """What another process would find in this one's files."""
    assert spool.folder is not None
    return next(stream for stream in SpoolReader(spool.folder).streams if stream.info.name == name)


class Account:
    """What was put into a stream, to be held against what is left of it."""

    def __init__(self) -> None:
        self.by_class = [0] * 5
        self.audit: list[str] = []
        self.refused = 0

    def put(self, spool: Spool, slot: Slot, message: str, level: int, *, audit: bool = False) -> None:
        if not try_put(spool, slot, message, level, audit=audit):
            self.refused += 1
            return
        self.by_class[level_class(level)] += 1
        if audit:
            self.audit.append(message)

    def check(self, stream: Stream) -> list[int]:
        """Every record is there or counted under its class, in order; returns the counts of the missing."""
        shed = [0] * 5
        kept = [0] * 5
        last = stream.info.acked
        for item in stream.left:
            last += sum(item.shed) + (item.payload is not None)
            assert item.seq == last
            shed = [a + b for a, b in zip(shed, item.shed, strict=True)]
            if item.payload is not None:
                kept[level_class(item.level)] += 1
        assert [a + b for a, b in zip(shed, kept, strict=True)] == self.by_class
        return shed
