"""The overflow: where a record waits that came while its own thread, or a very slow one, was writing to the spool."""

from __future__ import annotations

from collections import deque
from itertools import count

from tailrace.spool.slot import Slot
from tailrace.wire.levels import level_class

__all__ = ["Overflow", "Pending"]

# Records that may wait. Beyond them records are only counted, and declared as shed.
MOST = 10_000

# Slot, tag (level and flags), time, packed record.
Pending = tuple[Slot, int, int, bytes]


class Tally:
    """A counter that threads and signal handlers may raise without a lock: `next` on a C iterator is atomic."""

    def __init__(self) -> None:
        self._counter = count()
        self._reads = 0
        self._taken = 0

    def add(self) -> None:
        """Count one."""
        next(self._counter)

    def take(self) -> int:
        """What was added since the last time. One thread at a time."""
        added = next(self._counter) - self._reads
        self._reads += 1
        fresh, self._taken = added - self._taken, added
        return fresh


class Overflow:
    """A bounded list of records without a seq; when full it drops the newest and counts it.

    Attributes:
        waits: something is in it, or was a moment ago.
    """

    def __init__(self) -> None:
        self._waiting: deque[Pending] = deque()
        self._dropped: dict[tuple[Slot, int], Tally] = {}
        self.waits = False

    def put(self, slot: Slot, tag: int, time: int, payload: bytes) -> None:
        """Let a record wait. Needs no lock."""
        if len(self._waiting) < MOST:
            self._waiting.append((slot, tag, time, payload))
        else:
            self._dropped.setdefault((slot, level_class(tag >> 4)), Tally()).add()
        # After the fact, so that whoever takes it back to False finds what was put before.
        self.waits = True

    def first(self) -> Pending | None:
        """The record that waits longest; None when there is none. Under the spool's lock."""
        return self._waiting[0] if self._waiting else None

    def remove_first(self) -> None:
        """It need not wait any longer. Under the spool's lock."""
        self._waiting.popleft()

    def take_dropped(self) -> list[tuple[Slot, int, int]]:
        """Slot, level class and number of the records dropped since the last time. Under the spool's lock."""
        found = [(slot, kind, tally.take()) for (slot, kind), tally in list(self._dropped.items())]
        return [(slot, kind, number) for slot, kind, number in found if number]
