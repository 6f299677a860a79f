"""A stream as Redis holds it, in memory: it is appended to, trimmed, cleared, rolled back and lost as a test says."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tailrace.wire import (
    NOTHING_SHED,
    ZERO,
    Facts,
    Frame,
    Publication,
    Record,
    Shed,
    StreamID,
    make_frame,
)
from tailrace_relay.position import Generation, Position, StreamMeta
from tailrace_relay.reader import Entry, Gap, Item, Page, Piece, Reader

NOON = 1_763_683_200_000_000
PRODUCER = bytes(range(16))
INFO = 20


def frame_of(
    messages: list[str], *, first_seq: int = 1, level: int = INFO, shed: Shed = NOTHING_SHED, facts: Facts | None = None
) -> Frame:
    """A frame of one record for each message."""
    records = [Record(time=NOON, level_number=level, logger="t", message=message) for message in messages]
    return Frame.parse(make_frame(PRODUCER, first_seq, facts or Facts(), records, shed=shed, compress=False))


def unreadable_frame(count: int, *, first_seq: int = 1, shed: Shed = NOTHING_SHED) -> Frame:
    """A frame whose header is whole and whose body makes no sense."""
    return replace(frame_of(["x"] * count, first_seq=first_seq, shed=shed), body_size=0)


@dataclass
class StoredStream:
    """Each record's message is its name: epoch, generation and number, so that no two are alike."""

    epoch: str = "e1"
    last: StreamID = ZERO
    cleared: int = 0
    ms: int = 1_000
    born: int = 1_000
    generations: list[Generation] = field(default_factory=lambda: [Generation(0, ZERO)])
    entries: list[Entry] = field(default_factory=list)
    # What each number of the numbering in force stands for; None when it was shed.
    names: dict[int, str | None] = field(default_factory=dict)
    levels: dict[int, int] = field(default_factory=dict)
    lost: bool = False
    seq: int = 0
    # The number of the generation that begins with the next record, should another master append it.
    successor: int | None = None
    numbers: set[int] = field(default_factory=lambda: {0})

    @property
    def generation(self) -> int:
        return self.generations[-1].number

    @property
    def meta(self) -> StreamMeta | None:
        if self.lost:
            return None
        return StreamMeta(self.epoch, self.born, self.last, self.cleared, 0, tuple(self.generations))

    def append(
        self, count: int = 1, *, shed: int = 0, ms: int = 1, level: int = INFO, readable: bool = True
    ) -> Publication:
        """Append a frame, `ms` after the one before, and give what would be published."""
        if self.lost:
            self._begin()
        if self.successor is not None:
            self.generations.append(Generation(self.successor, self.last))
            self.successor = None
        self.ms += ms
        numbers = range(self.last.n + shed + 1, self.last.n + shed + count + 1)
        for n in range(self.last.n + 1, numbers.start):
            self.names[n] = None
        for n in numbers:
            self.names[n] = f"{self.epoch}/{self.generation}/{n}"
            self.levels[n] = level
        self.last = StreamID(self.ms, numbers[-1])
        names = [str(self.names[n]) for n in numbers]
        counts = (shed, 0, 0, 0, 0)
        first_seq = self.seq + shed + 1
        self.seq += shed + count
        if readable:
            frame = frame_of(names, first_seq=first_seq, level=level, shed=counts)
        else:
            frame = unreadable_frame(count, first_seq=first_seq, shed=counts)
        self.entries.append(Entry(self.last, frame))
        return Publication(self.last, self.epoch, self.generation, frame)

    def add_foreign(self) -> None:
        self.ms += 1
        self.entries.append(Entry(StreamID(self.ms, 0), None))

    def trim(self, entries: int) -> None:
        """Remove the oldest entries."""
        del self.entries[:entries]

    def clear(self) -> None:
        self.entries.clear()
        self.cleared = self.last.n

    def lose(self) -> None:
        """Redis lost everything; the next record starts another epoch."""
        self.entries.clear()
        self.lost = True

    def roll_back(self, entries: int, *, clock: int = 0) -> None:
        """The newest entries are gone, and another master goes on from what is left, by a clock that is as it is."""
        kept = len(self.entries) - entries
        if kept < 0 or not any(entry.frame for entry in self.entries[:kept]):
            return
        del self.entries[kept:]
        self.last = next(entry.id for entry in reversed(self.entries) if entry.frame is not None)
        # The same IDs come again for other records.
        self.ms = self.entries[-1].id.ms
        self.names = {n: name for n, name in self.names.items() if n <= self.last.n}
        self.levels = {n: level for n, level in self.levels.items() if n <= self.last.n}
        first, *later = self.generations
        self.generations = [first, *(gen for gen in later if gen.start.n < self.last.n)]
        # Above those that are listed, but perhaps below one that is gone; never one that was in use.
        self.successor = self.generation + 1 + clock
        while self.successor in self.numbers:
            self.successor += 1
        self.numbers.add(self.successor)

    def page(self, scan: StreamID, count: int = 32) -> Page:
        after = [entry for entry in self.entries if entry.id > scan]
        return Page(self.meta, scan, after[:count], len(after[:count]) == count)

    def read(self, reader: Reader, count: int = 32) -> list[Item]:
        """All that a reader gives until it stands at the end."""
        items: list[Item] = []
        for _ in range(1_000):
            items += reader.take(self.page(reader.scan, count))
            if reader.level:
                return items
        raise AssertionError("the reader comes to no end")

    def position(self, n: int) -> Position:
        """A reader's position behind number `n`, with the ID that the record really has."""
        for entry in self.entries:
            if entry.frame is not None and entry.id.n >= n:
                return Position(StreamID(entry.id.ms if n else 0, n), self.epoch, self.generation)
        return Position(StreamID(self.last.ms, n), self.epoch, self.generation)

    def _begin(self) -> None:
        self.ms += 1
        self.epoch = f"e{int(self.epoch[1:]) + 1}"
        self.born, self.last, self.cleared, self.lost = self.ms, ZERO, 0, False
        self.generations, self.names = [Generation(0, ZERO)], {}
        self.levels, self.successor, self.numbers = {}, None, {0}


class Ledger:
    """What one reader has been told: it refuses whatever does not follow from what came before."""

    def __init__(self, n: int = 0, epoch: str = "") -> None:
        self.n = n
        self.epoch = epoch
        self.delivered: dict[int, str] = {}
        self.declared: dict[int, str] = {}
        self.last = ZERO

    def take(self, items: list[Item]) -> None:
        for item in items:
            if isinstance(item, Piece):
                self._piece(item)
            else:
                self._gap(item)
            self.epoch = item.position.epoch
            assert item.position.id.n == self.n

    def _piece(self, piece: Piece) -> None:
        assert piece.first_n == self.n + 1
        assert piece.last > self.last
        names = [record.message for record in piece.frame.records()[1]][piece.skip :]
        assert len(names) == piece.count
        self.delivered |= zip(range(piece.first_n, piece.last.n + 1), names, strict=True)
        self.n, self.last = piece.last.n, piece.last

    def _gap(self, gap: Gap) -> None:
        if gap.reason == "epoch":
            assert gap.count is None
            assert gap.after.n == self.n
            self.n, self.last, self.delivered, self.declared = 0, ZERO, {}, {}
        elif gap.reason == "fork":
            assert gap.count == self.n - gap.after.n
            assert gap.count > 0
            self.n, self.last = gap.after.n, gap.after
            self.delivered = {n: name for n, name in self.delivered.items() if n <= self.n}
            self.declared = {n: reason for n, reason in self.declared.items() if n <= self.n}
        else:
            assert gap.after.n == self.n
            assert gap.before is not None
            assert gap.count == gap.before.n - gap.after.n - 1 > 0
            assert gap.by_level is None or sum(gap.by_level.values()) == gap.count
            self.declared |= dict.fromkeys(range(self.n + 1, gap.before.n), gap.reason)
            self.n = gap.before.n - 1
