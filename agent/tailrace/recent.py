"""What became of a process's records lately. No I/O, no clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from tailrace.wire.record import Record

__all__ = ["Lag", "Recent", "errors_among"]

# Looks that are kept: with one every three seconds, half a minute lies between the oldest and the newest.
LOOKS = 11

ERROR = 40


class Recent:
    """Differences of counters over the last looks, so that a reader need not remember what was said before."""

    def __init__(self) -> None:
        self._looks: deque[tuple[int, int, int, int]] = deque(maxlen=LOOKS)

    def look(self, now: int, shipped: int, errors: int, lost: int) -> tuple[int, ...]:
        """Milliseconds since the oldest look, and by how much each counter grew; nothing at the first look.

        A counter that fell back, as what is shipped does when Redis lost some, has not grown.

        Args:
            now: in ms, by a clock that may be set back: then it begins anew.
        """
        if self._looks and now <= self._looks[-1][0]:
            self._looks.clear()
        self._looks.append((now, shipped, errors, lost))
        then = self._looks[0]
        if then[0] == now:
            return ()
        return now - then[0], max(shipped - then[1], 0), max(errors - then[2], 0), max(lost - then[3], 0)


class Lag:
    """How long the oldest record has waited that Redis has not. Of a busy process, the newest always waits a moment."""

    def __init__(self) -> None:
        # When how many had been given numbers; those before the first are in Redis.
        self._looks: list[tuple[int, int]] = []

    def look(self, now: int, emitted: int, shipped: int) -> int:
        """In ms, at least: as precise as looks are frequent.

        Args:
            now: in ms.
        """
        looks = [look for look in self._looks if look[1] > shipped]
        if emitted > shipped:
            looks.append((now, emitted))
        if len(looks) > LOOKS:
            del looks[1]  # the oldest is the one that tells
        self._looks = looks
        return max(now - looks[0][0], 0) if looks else 0


def errors_among(records: Iterable[Record]) -> int:
    """How many are of ERROR or above."""
    return sum(record.level_number >= ERROR for record in records)
