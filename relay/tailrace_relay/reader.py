"""Reading one stream so that nothing is missed, doubled or passed over in silence. No I/O.

A `Reader` is given pages as Redis holds them and turns them into pieces (records to deliver) and gaps (records that
cannot be). Neighbours differ by one in `n`, so what is missing is a subtraction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tailrace.wire import ZERO, Frame, StreamID, by_class
from tailrace_relay.position import START, Lineage, Position, StreamMeta

__all__ = ["Entry", "Gap", "Item", "Page", "Piece", "Reader", "onward"]


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the Redis stream; `frame` is None when it is foreign or damaged."""

    id: StreamID
    frame: Frame | None


@dataclass(frozen=True, slots=True)
class Page:
    """What one atomic read gave: the meta, and the entries after `scan`; `more` when it was cut short."""

    meta: StreamMeta | None
    scan: StreamID
    entries: list[Entry]
    more: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """Records to deliver: those of one frame without the first `skip`, which the reader has already.

    `last` is the ID of its last record; `position` is where a reader stands after it.
    """

    frame: Frame
    last: StreamID
    skip: int
    position: Position

    @property
    def first_n(self) -> int:
        return self.last.n - self.frame.count + 1 + self.skip

    @property
    def count(self) -> int:
        return self.frame.count - self.skip


@dataclass(frozen=True, slots=True)
class Gap:
    """A notice in place of records: between `after` and `before`, `count` of them, for `reason`."""

    count: int | None
    after: StreamID
    before: StreamID | None
    reason: str
    position: Position
    by_level: dict[str, int] | None = None


Item = Piece | Gap


def onward(position: Position, last: StreamID, frame: Frame) -> list[Item]:
    """What a frame gives to a reader at `position`, when it holds the next record or was shed just before it."""
    expected = position.id.n + 1
    first = last.n - frame.count + 1
    items: list[Item] = []
    if first > expected:
        edge = position._replace(id=StreamID(last.ms, first - 1))
        by_level = by_class(frame.shed_by_class) if first - expected == frame.shed else None
        before = StreamID(last.ms, first)
        items.append(Gap(first - expected, position.id, before, "agent_dropped", edge, by_level))
    items.append(Piece(frame, last, max(expected - first, 0), position._replace(id=last)))
    return items


class Reader:
    """Reads one stream onward from a position.

    Ask for the page after `scan`, hand it to `take`, deliver what comes out; `level` tells that the reader had
    reached the stream's end when the page was read. Foreign and damaged entries are counted in `foreign`.
    """

    def __init__(self, position: Position = START, lineage: Lineage = ()) -> None:
        self.position = position
        # The generations that were listed when this reader, or who made it, last looked.
        self.lineage = lineage
        # From where to ask Redis; lies before the position while a hole is looked at from the stream's start.
        self.scan = position.id
        self._from_start = position.id.ms == 0
        self.level = False
        self.foreign = 0

    def take(self, page: Page) -> list[Item]:
        """What to deliver after this page; the position moves along."""
        self.level = False
        meta = page.meta
        if meta is None:
            self.level = True
            return [*self._numbering_lost()]
        items: list[Item] = [*self._renumbered(meta)]
        if items or page.scan != self.scan:
            return items
        for entry in page.entries:
            found = self._next(entry, meta)
            if found is None:
                return items
            items += found
        if not page.more:
            items += self._end(meta)
        return items

    def _numbering_lost(self) -> Iterator[Gap]:
        before = self.position
        if before.epoch or before.id.n:
            self._go(START)
            yield Gap(None, before.id, None, "epoch", START)

    def _renumbered(self, meta: StreamMeta) -> Iterator[Gap]:
        """Notices that the ground has changed below the reader: another epoch, or a fork."""
        old = self.position
        if old.epoch and old.epoch != meta.epoch:
            self.lineage = meta.generations
            self._go(Position(ZERO, meta.epoch, meta.generation))
            yield Gap(None, old.id, meta.first, "epoch", self.position)
            return
        common = meta.common(old, self.lineage)
        self.lineage = meta.generations
        if common.n < old.id.n:
            self._go(Position(common, meta.epoch, meta.generation))
            yield Gap(old.id.n - common.n, common, StreamID(common.ms, common.n + 1), "fork", self.position)
            return
        self.position = Position(old.id, meta.epoch, meta.generation)
        if old.id.ms > meta.last.ms:
            self._in_doubt()  # no ID of this stream, but its number may be right

    def _next(self, entry: Entry, meta: StreamMeta) -> list[Item] | None:
        """What the next entry gives; None when its place must first be looked at from the stream's start."""
        frame = entry.frame
        if frame is None:
            self.foreign += 1
            self.scan = entry.id
            return []
        if entry.id.n <= self.position.id.n:
            if entry.id.n == self.position.id.n:
                self.position = self.position._replace(id=entry.id)
            self.scan = entry.id
            return []
        items: list[Item] = []
        start = entry.id.n - frame.count - frame.shed + 1
        if start > self.position.id.n + 1:
            if self._in_doubt():
                return None
            items += self._missing(StreamID(entry.id.ms, start), meta)
        items += onward(self.position, entry.id, frame)
        self._go(items[-1].position)
        return items

    def _end(self, meta: StreamMeta) -> list[Item]:
        if self.position.id.n < meta.last.n:
            if self._in_doubt():
                return []
            missing = self._missing(StreamID(meta.last.ms, meta.last.n + 1), meta)
            self.level = True
            return list(missing)
        self.level = True
        return []

    def _in_doubt(self) -> bool:
        """Whether a hole must first be looked at from the stream's start: a bare cursor's `ms` may be wrong."""
        if self._from_start:
            return False
        self._from_start = True
        self.scan = StreamID(0, self.position.id.n)
        return True

    def _missing(self, before: StreamID, meta: StreamMeta) -> Iterator[Gap]:
        """Records that were removed before they were read: cleared by somebody, or trimmed."""
        for reason, upto in (("cleared", min(meta.cleared, before.n - 1)), ("trimmed", before.n - 1)):
            after = self.position.id
            if upto > after.n:
                edge = StreamID(before.ms, upto)
                self._go(Position(edge, meta.epoch, meta.generation))
                yield Gap(upto - after.n, after, StreamID(before.ms, upto + 1), reason, self.position)

    def _go(self, position: Position) -> None:
        self.position = position
        self.scan = position.id
        self._from_start = position.id.ms == 0
