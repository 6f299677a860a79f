"""The spool reader: what a dead process left behind, from its files alone (docs/SPOOL.md)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from tailrace.spool.compaction import fit_hole
from tailrace.spool.head import INFO_BYTES, SLOT_BYTES, HeadInfo, head_path
from tailrace.spool.segment import AUDIT, HOLE, Counts, Entry, entries, number_of, pack_hole, unpack_hole
from tailrace.spool.slot import SlotInfo
from tailrace.wire.frame import NOTHING_SHED
from tailrace.wire.record import Facts

__all__ = ["Left", "SpoolReader", "Stream"]


@dataclass(frozen=True, slots=True)
class Left:
    """A record that was not acknowledged, or the hole behind the last one.

    Attributes:
        seq: in the spool's numbers; of a hole the last one in it.
        payload: the packed record; None for a hole.
        shed: records missing just before it, by level class; of a hole those in it.
    """

    seq: int
    level: int
    time: int
    audit: bool
    payload: bytes | None
    shed: Counts


@dataclass(slots=True)
class Stream:
    """One stream of a spool.

    Attributes:
        info: its slot.
        left: what is not acknowledged, in order.
    """

    info: SlotInfo
    left: list[Left] = field(default_factory=list)


class SpoolReader:
    """Reads a spool's folder; writes nothing and takes no lock. Not for one of this process; see `HeadInfo.read`.

    Attributes:
        info: who owned it, and for which Redis it is.
        facts: what the owner's frames say once for all of their records.
        streams: with all that is left of them.

    Raises:
        SpoolError: when the folder holds no finished head.
        OSError: when a file can't be read.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        with open(head_path(folder), "rb") as file:
            head = file.read()
        self.info = HeadInfo.parse(head)
        self.facts = Facts.parse(self.info.facts)
        slots: dict[int, Stream] = {}
        for index in range((len(head) - INFO_BYTES) // SLOT_BYTES):
            info = SlotInfo.parse(memoryview(head), index)
            if info is not None:
                slots[index] = Stream(info)
        for entry in self._entries():
            if entry.slot in slots:
                _take(slots[entry.slot], entry)
        for index, stream in slots.items():
            _take_open_hole(index, stream)
        self.streams = list(slots.values())

    def _entries(self) -> Iterator[Entry]:
        """Those of all segments; a torn one ends its segment, and what is missing then shows in the seqs."""
        names = sorted((name for name in os.listdir(self.folder) if name.endswith(".seg")), key=number_of)
        for name in names:
            if number_of(name) > 0:
                with open(os.path.join(self.folder, name), "rb") as file:
                    yield from entries(file.read())


def _take_open_hole(index: int, stream: Stream) -> None:
    info = stream.info
    size = sum(info.hole)
    # One that begins at or before the last entry was closed by a marker; the owner died before it said so here.
    if info.hole_from > _reached(stream) and size:
        _take(stream, Entry(index, info.hole_from + size - 1, 0, HOLE, 0, pack_hole(info.hole)))


def _reached(stream: Stream) -> int:
    return stream.left[-1].seq if stream.left else stream.info.acked


def _take(stream: Stream, entry: Entry) -> None:
    """Put an entry behind what is there, with what is missing between; one that was read before is passed over."""
    before = _reached(stream)
    if entry.seq <= before:
        return
    shed, size = NOTHING_SHED, entry.seq - before - (0 if entry.flags & HOLE else 1)
    if stream.left and stream.left[-1].payload is None:
        hole = stream.left.pop()
        shed, size = hole.shed, size + sum(hole.shed)
    if entry.flags & HOLE:
        a, b = shed, unpack_hole(entry.payload)
        shed = (a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3], a[4] + b[4])
    payload = None if entry.flags & HOLE else entry.payload
    audit = bool(entry.flags & AUDIT)
    stream.left.append(Left(entry.seq, entry.level, entry.time, audit, payload, fit_hole(shed, size)))
