"""A producer that writes its frames itself: it can shed, come again after a loss, and be anywhere in its numbers."""

from __future__ import annotations

import time

import redis

from tailrace.wire import (
    MAX_RECORDS,
    SCRIPT,
    Answer,
    Facts,
    Keys,
    Record,
    Shed,
    Status,
    append_call,
    make_frame,
    new_epoch,
    new_producer,
)
from tests.e2e.checker import Emission
from tests.e2e.numbered import level_of, message_of

__all__ = ["WireProducer"]

# A command that takes what PUBLISH takes, and does nothing.
NOTHING = "EXISTS"


class WireProducer:
    """One producer of one stream. It holds nothing back: a record's text follows from its number.

    Attributes:
        emitted: how many records it has numbered, those shed included.
        mark: the last number that Redis accepted, as far as it knows.
        publishes: set to False, frames are stored, and their publication is lost.
    """

    def __init__(self, client: redis.Redis, keys: Keys, stream: str, label: str) -> None:
        self.stream = stream
        self.label = label
        self.emitted = 0
        self.mark = 0
        self.publishes = True
        self._client = client
        self._keys = keys
        self._id = new_producer()
        self._shed: set[int] = set()
        self._append = client.register_script(SCRIPT)

    @property
    def emission(self) -> Emission:
        return Emission(self.stream, self.label, self.emitted)

    def emit(self, count: int, *, frame: int = MAX_RECORDS) -> None:
        """Number `count` more records, and append what Redis does not hold yet."""
        self.emitted += count
        self.append(frame)

    def shed(self, count: int) -> None:
        """Number `count` more records that are in no frame; the next frame tells."""
        self._shed.update(range(self.emitted + 1, self.emitted + count + 1))
        self.emitted += count

    def append(self, frame: int = MAX_RECORDS) -> None:
        """Append all from the mark on; where Redis has forgotten some, from there."""
        self._client.zadd(self._keys.streams, {self.stream: _now_ms()})
        while self.mark < self.emitted:
            first = next(n for n in range(self.mark + 1, self.emitted + 2) if n not in self._shed)
            if first > self.emitted:
                return  # nothing but shed ones: they wait for a frame
            last = first
            while last < self.emitted and last - first + 1 < frame and last + 1 not in self._shed:
                last += 1
            self._take(self._send(first, last))

    def _take(self, answer: Answer) -> None:
        if answer.status is Status.BEHIND and (answer.mark or 0) >= self.mark:
            raise AssertionError(f"{self.label} is at {self.mark}; Redis says {answer}")
        self.mark = answer.mark or 0

    def _send(self, first: int, last: int) -> Answer:
        shed = first - self.mark - 1
        counts: Shed = (shed, 0, 0, 0, 0)
        now = time.time_ns() // 1000
        records = [
            Record(time=now, level_number=level_of(n), logger="tests.e2e", message=message_of(self.label, n))
            for n in range(first, last + 1)
        ]
        names, arguments = append_call(
            self._keys,
            self.stream,
            make_frame(self._id, first, Facts(service="e2e", host="here", pid=1), records, shed=counts),
            producer=self._id,
            count=len(records),
            first_seq=first,
            shed=shed,
            epoch=new_epoch(),
            publish="PUBLISH" if self.publishes else NOTHING,
        )
        return Answer.parse(self._append(names, arguments))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
