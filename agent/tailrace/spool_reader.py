"""The spool reader: what a dead process left behind, from its files alone (docs/SPOOL.md)."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgpack

from tailrace.compaction import fit_hole
from tailrace.errors import TailraceError
from tailrace.head import (
    ACKED,
    COUNTS,
    FACTS_AT,
    FREE,
    GENERATION_BITS,
    GENERATION_MASK,
    HOLE_FROM,
    IDENTITIES,
    IDENTITY_WORDS,
    INFO,
    INFO_BYTES,
    LAST_EPOCH,
    LAST_N,
    MAGIC,
    NAME,
    NAME_SHIFT,
    SLOT_BYTES,
    STATE,
    STATE_MASK,
    VERSION,
)
from tailrace.identity import Incarnation
from tailrace.segment import AUDIT, HOLE, Counts, Entry, entries, pack_hole, unpack_hole
from tailrace.wire.frame import NOTHING_SHED
from tailrace.wire.record import Facts

__all__ = ["Left", "SpoolError", "SpoolReader", "Stream"]


class SpoolError(TailraceError):
    """A folder that holds no spool, or one of a version that this reader does not know."""


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
        producer, base: what Redis knows `seq` as: number `seq - base` of that producer.
        acked: everything up to this seq is in Redis.
        n, epoch_check, generation: of the last answer; the check is the CRC-32 of the epoch.
        left: what is not acknowledged, in order.
    """

    name: str
    producer: bytes
    base: int
    acked: int
    n: int
    epoch_check: int
    generation: int
    left: list[Left] = field(default_factory=list)


class SpoolReader:
    """Reads a spool's folder; writes nothing and takes no lock.

    Attributes:
        incarnation: the process that owned it.
        heartbeat: when the owner last said that it lives, µs since 1970.
        target: of which Redis and prefix it is; see `spool.target_of`.
        streams: with all that is left of them.

    Raises:
        SpoolError: when the folder holds no finished head.
        OSError: when a file can't be read.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        with open(os.path.join(folder, "head"), "rb") as file:
            self._head = file.read()
        self._read_info()
        slots = dict(self._read_slots())
        for entry in self._entries():
            if entry.slot in slots:
                _take(slots[entry.slot], entry)
        for index, stream in slots.items():
            self._take_open_hole(index, stream)
        self.streams = list(slots.values())

    def _read_info(self) -> None:
        if len(self._head) < INFO_BYTES or self._word(0) != MAGIC:
            raise SpoolError(f"{self.folder}: the head is not finished, or none of a spool")
        version, self.id, pid, started, boot, namespace, self.heartbeat, self.target, size = INFO.unpack_from(
            self._head, 8
        )
        if version != VERSION:
            raise SpoolError(f"{self.folder}: version {version} is not known; this reader knows {VERSION}")
        self.incarnation = Incarnation(pid, started, boot, namespace)
        self.facts = Facts.unpack(msgpack.unpackb(self._head[FACTS_AT : FACTS_AT + size]))

    def _word(self, index: int) -> int:
        return int.from_bytes(self._head[index * 8 : index * 8 + 8], sys.byteorder)

    def _read_slots(self) -> Iterator[tuple[int, Stream]]:
        for index in range((len(self._head) - INFO_BYTES) // SLOT_BYTES):
            at = (INFO_BYTES + index * SLOT_BYTES) // 8
            state = self._word(at + STATE) & STATE_MASK
            if state == FREE:
                continue
            start = (at + NAME) * 8
            name = self._head[start : start + (self._word(at + STATE) >> NAME_SHIFT)].decode("ascii")
            identity = at + IDENTITIES + (state - 1) * IDENTITY_WORDS
            producer = self._head[identity * 8 : identity * 8 + 16]
            last = self._word(at + LAST_EPOCH)
            yield (
                index,
                Stream(
                    name,
                    producer,
                    self._word(identity + 2),
                    self._word(at + ACKED),
                    self._word(at + LAST_N),
                    last >> GENERATION_BITS,
                    last & GENERATION_MASK,
                ),
            )

    def _entries(self) -> Iterator[Entry]:
        """Those of all segments; a torn one ends its segment, and what is missing then shows in the seqs."""
        names = sorted((name for name in os.listdir(self.folder) if name.endswith(".seg")), key=_number)
        for name in names:
            if _number(name) > 0:
                with open(os.path.join(self.folder, name), "rb") as file:
                    yield from entries(file.read())

    def _take_open_hole(self, index: int, stream: Stream) -> None:
        at = (INFO_BYTES + index * SLOT_BYTES) // 8
        begin = self._word(at + HOLE_FROM)
        a, b, c, d, e = [self._word(at + COUNTS + kind) for kind in range(5)]
        size = a + b + c + d + e
        # One that begins at or before the last entry was closed by a marker; the owner died before it said so here.
        if begin > _reached(stream) and size:
            _take(stream, Entry(index, begin + size - 1, 0, HOLE, 0, pack_hole((a, b, c, d, e))))


def _number(name: str) -> int:
    digits = name.removesuffix(".seg")
    return int(digits) if digits.isdigit() else 0


def _reached(stream: Stream) -> int:
    return stream.left[-1].seq if stream.left else stream.acked


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
