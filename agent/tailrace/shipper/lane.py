"""A lane: one stream on its way from the spool to Redis. Batches in order, one frame in flight."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from tailrace.spool.compaction import fit_hole
from tailrace.spool.segment import AUDIT, HEADER_WORDS, LEVEL_SHIFT, Counts, Segment, tag_of
from tailrace.spool.slot import Slot
from tailrace.wire.frame import MAX_RECORDS, NOTHING_SHED, join_frame

__all__ = ["Batch", "Flight", "Lane", "Parcel", "Position"]

# Bytes of packed records after which a batch is full.
MAX_BYTES = 512 << 10

# Batches read ahead of Redis: one to send next while another is filled.
READ_AHEAD = 2

URGENT = tag_of(40)


@dataclass(slots=True)
class Batch:
    """Records that follow one another without a hole: what becomes one frame.

    Attributes:
        first: the seq of the first one.
        shed: records shed just before it, by level class.
        tag: the highest tag among them; its level is the highest level.
        errors: how many are of ERROR or above.
    """

    first: int
    shed: Counts = NOTHING_SHED
    payloads: list[bytes] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    size: int = 0
    tag: int = 0
    errors: int = 0

    @property
    def last(self) -> int:
        return self.first + len(self.payloads) - 1

    @property
    def full(self) -> bool:
        return len(self.payloads) >= MAX_RECORDS or self.size >= MAX_BYTES

    @property
    def urgent(self) -> bool:
        """Not worth waiting for more: it is full, or holds a record from ERROR up."""
        return self.full or self.tag >= URGENT


@dataclass(frozen=True, slots=True)
class Parcel:
    """A frame on its way to Redis.

    Attributes:
        first, count, shed: as the frame says, in the producer's numbers; shed by level class.
    """

    stream: str
    producer: bytes
    frame: bytes
    first: int
    count: int
    shed: Counts


@dataclass(frozen=True, slots=True)
class Flight(Parcel):
    """A frame out of the spool that was or will be sent, until Redis has answered it.

    Attributes:
        last: the seq of its last record, in the spool's numbers.
        errors: how many of its records are of ERROR or above.
    """

    slot: Slot
    last: int
    errors: int


@dataclass(slots=True)
class Position:
    """A place in the spool."""

    segment: Segment
    byte: int = HEADER_WORDS << 3


class Lane:
    """Where one stream stands between the spool and Redis.

    Attributes:
        flight: the frame that waits for its answer.
        lag: where to read on, when the scanner has passed by entries that found no room here.
        retry_at: not before this time; for a stream that Redis refuses alone.
        failures: refusals one after another.
        announced_at: when the stream was last noted in the set of streams; None before its first frame.
        hole_seen: when nothing was found to follow a hole, and the last seq then.
    """

    __slots__ = (
        "announced_at",
        "failures",
        "flight",
        "hole_seen",
        "lag",
        "open",
        "ready",
        "retry_at",
        "shed",
        "slot",
    )

    def __init__(self, slot: Slot) -> None:
        self.slot = slot
        self.open: Batch | None = None
        self.ready: deque[Batch] = deque()
        self.shed: Counts = NOTHING_SHED
        self.flight: Flight | None = None
        self.lag: Position | None = None
        self.retry_at = 0.0
        self.failures = 0
        self.announced_at: float | None = None
        self.hole_seen: tuple[float, int] | None = None

    @property
    def full(self) -> bool:
        """No room for another batch."""
        return len(self.ready) >= READ_AHEAD

    @property
    def urgent(self) -> bool:
        return self.flight is not None or bool(self.ready) or (self.open is not None and self.open.urgent)

    @property
    def loaded(self) -> bool:
        """There are records to send."""
        return self.flight is not None or bool(self.ready) or self.open is not None

    @property
    def trailing(self) -> bool:
        """Everything was read and acknowledged, but numbers were given out behind it: a hole that nothing follows."""
        return not self.loaded and self.lag is None and self.slot.acked < self.slot.last_seq

    # For the scanner.

    def batch_from(self, seq: int) -> Batch:
        """The batch that takes the record with this seq; what is missing before it is declared as shed."""
        slot = self.slot
        missing = seq - slot.read - 1
        if missing:
            self.skip(seq - 1, NOTHING_SHED)
        if self.open is None:
            self.open, self.shed = Batch(seq, self.shed), NOTHING_SHED
        return self.open

    def skip(self, last: int, counts: Counts) -> None:
        """Records up to `last` are not there: so many were shed, by level class."""
        self.close_batch()
        a, b = self.shed, fit_hole(counts, last - self.slot.read)
        self.shed = (a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3], a[4] + b[4])
        self.slot.read = last

    def close_batch(self) -> None:
        """Take nothing more into the open batch."""
        if self.open is not None:
            self.ready.append(self.open)
            self.open = None

    # For the backlog.

    def take_flight(self, facts: bytes) -> Flight | None:
        """Make the next frame, if there are records for one and none is in flight; it is in flight then."""
        if self.flight is None:
            batch = self.ready.popleft() if self.ready else self.open
            if batch is None:
                return None
            if batch is self.open:
                self.open = None
            self.flight = self._fly(batch, facts)
        return self.flight

    def _fly(self, batch: Batch, facts: bytes) -> Flight:
        slot = self.slot
        first = batch.first - slot.base
        frame = join_frame(
            slot.producer,
            first,
            facts,
            batch.payloads,
            highest_level=(batch.tag & ~AUDIT) >> LEVEL_SHIFT,
            earliest=min(batch.times),
            latest=max(batch.times),
            shed=batch.shed,
        )
        return Flight(
            slot.name, slot.producer, frame, first, len(batch.payloads), batch.shed, slot, batch.last, batch.errors
        )

    def rewind(self, seq: int, oldest: Segment) -> None:
        """Forget what was read behind `seq`, and read it again from the oldest segment on."""
        self.open, self.flight, self.shed = None, None, NOTHING_SHED
        self.ready.clear()
        self.slot.read = seq
        self.lag = Position(oldest)
