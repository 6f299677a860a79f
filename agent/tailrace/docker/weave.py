"""Both outputs of a container as one sequence of records, in the engine's order. No I/O here.

A record stands where its first line stands. While a line or a traceback may go on, what stands behind it waits. What
belongs together is told by the times in the log, not by when it is read: who reads it again gets the same records. So
the log is read on from the last place at which nothing was unfinished, passing over the records given since.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from tailrace.docker.messages import Message
from tailrace.docker.position import Cursor, Position
from tailrace.docker.side import Facts, Place, Side
from tailrace.docker.stamp import SECOND
from tailrace.shipper.lane import MAX_BYTES
from tailrace.wire.frame import MAX_RECORDS
from tailrace.wire.record import Record

__all__ = ["Batch", "Weave"]

# Messages, and bytes of records, that wait at most for a line or a traceback to end; beyond them it is given as it is.
# 4096 messages are 64 MiB of one line, of which only its ends are kept.
MOST_WAITING, MOST_WAITING_BYTES = 4096, 1 << 20


class Batch(NamedTuple):
    """Records that fit into a frame, and where the log is read on from behind them."""

    records: list[Record]
    position: Position


class Weave:
    """Takes messages from a position on and gives records.

    Args:
        position: where the engine's answer begins: it is asked for what is not older than `position.since`, and what
            of that was taken is passed over here.

    Attributes:
        moved: there was a message that had not been taken before.
    """

    def __init__(self, position: Position, facts: Facts) -> None:
        self._cursor = Cursor(position)
        self._sides = {
            source: Side(source, facts, number)
            for source, number in zip(("stdout", "stderr"), position.lines, strict=True)
        }
        self._both = tuple(self._sides.values())
        self._waiting: deque[Place] = deque()
        self._complete: deque[Place] = deque()
        self._waiting_of = {"stdout": 0, "stderr": 0}
        self._sorted_bytes = 0
        # The number of the next place, how far records reach that began before, and how many places lie behind the
        # last one at which nothing was unfinished.
        self._number = 0
        self._reach = 0
        self._unfinished = 0
        self._clock = position.latest / SECOND
        # Messages, and records behind them, that were taken before.
        self._behind, self._latest = position.taken, position.latest
        self._passing = False
        self.moved = False
        self._skip = position.skip
        # Behind the cursor: places, and how many records of them were given.
        self._passed: list[Place] = []
        self._given = 0

    @property
    def position(self) -> Position:
        """Where the log is read on from, when all batches were taken."""
        return self._cursor.position(self._given + self._skip)

    @property
    def patience(self) -> float | None:
        """Seconds after which `give_up` is due when nothing more comes; None when nothing waits for more."""
        deadlines = [side.deadline for side in self._both if side.deadline is not None]
        return max(min(deadlines) - self._clock, 0.0) if deadlines else None

    def feed(self, message: Message) -> None:
        """Take the next message, or some of it."""
        if self._is_passed_over(message):
            return
        self.moved = True
        if message.first:
            self._clock = max(self._clock, message.time / SECOND)
            self._expire(self._clock)
            self._add(Place(message.source, message.time, self._number))
        place = self._waiting[-1]
        self._sides[message.source].feed(place, message.text, self._clock)
        place.whole = message.last
        self._sort()
        if self._waiting:
            self._bound_waiting()

    def give_up(self, silence: float) -> None:
        """Nothing more has come for so many seconds: what has waited too long is given as it is."""
        self._expire(self._clock + silence)

    def end(self) -> None:
        """Nothing more will come: everything is given as it is."""
        if self._waiting:
            self._waiting[-1].whole = True
        self._release_all()

    def batches(self) -> Iterator[Batch]:
        """What is complete, in frames."""
        records: list[Record] = []
        size = 0
        while self._complete:
            place = self._complete[0]
            for record, taken in place.records:
                if self._skip:
                    self._skip -= 1
                else:
                    if len(records) == MAX_RECORDS or size > MAX_BYTES:
                        yield Batch(records, self.position)
                        records, size = [], 0
                    records.append(record)
                    size += taken
                self._given += 1
            self._pass(self._complete.popleft())
        if records:
            yield Batch(records, self.position)

    def _add(self, place: Place) -> None:
        self._waiting.append(place)
        self._waiting_of[place.source] += 1
        self._number += 1

    def _is_passed_over(self, message: Message) -> bool:
        if message.first:
            # What is later was not taken: the engine has thrown away some of what was.
            self._passing = self._behind > 0 and message.time <= self._latest
            self._behind = self._behind - 1 if self._passing else 0
        return self._passing

    def _expire(self, clock: float) -> None:
        for side in self._both:
            deadline = side.deadline
            if deadline is not None and clock >= deadline:
                side.expire(clock)
                self._sort()

    def _bound_waiting(self) -> None:
        """See that nothing waits for too long, nor too much."""
        for source, side in self._sides.items():
            if self._waiting_of[source] < len(self._waiting):
                side.hold_up(self._clock)
        if len(self._waiting) + self._unfinished > MOST_WAITING or self._waiting_bytes() > MOST_WAITING_BYTES:
            self._release_all()

    def _release_all(self) -> None:
        for side in self._both:
            side.end(self._clock)
        self._sort()

    def _sort(self) -> None:
        """Set apart the places at the beginning of which everything is known."""
        while self._waiting and self._waiting[0].whole and not self._is_unfinished(self._waiting[0]):
            place = self._waiting.popleft()
            self._waiting_of[place.source] -= 1
            self._reach = max(self._reach, place.reach)
            place.clean = self._reach <= place.number
            self._unfinished = 0 if place.clean else self._unfinished + 1
            for _, taken in place.records:
                self._sorted_bytes += taken
            self._complete.append(place)

    def _is_unfinished(self, place: Place) -> bool:
        """Whether a line or a traceback that begins there may go on."""
        return any(place is side.line or place is side.held for side in self._both)

    def _waiting_bytes(self) -> int:
        return sum(side.bytes for side in self._both) - self._sorted_bytes

    def _pass(self, place: Place) -> None:
        place.records.clear()
        self._passed.append(place)
        if place.clean:
            for each in self._passed:
                self._cursor.take(each.time, (each.lines, 0) if each.source == "stdout" else (0, each.lines))
            self._passed.clear()
            self._given = 0
