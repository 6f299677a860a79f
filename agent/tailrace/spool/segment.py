"""A segment: one mapped file of the spool, and the layout of the entries in it (docs/SPOOL.md).

    header, 64 bytes   magic, version, number, size: 8 bytes each; spool ID 16; reserved 16
    entry, 8-aligned   word 0: check << 32 | length of the payload; written last, 0 where the entries end
                       word 1: seq << 24 | slot << 12 | level << 4 | flags
                       word 2: record time, µs since 1970
                       payload: a packed record, or the counts of a hole

The check is the Adler-32 of the payload, begun with the low 32 bits of word 1 ^ word 2. Only a power loss can tear
an entry, by whole pages, and CRC-32 would be a tenth of a log call's cost.
"""

from __future__ import annotations

import mmap
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from tailrace.errors import SpoolError
from tailrace.spool.directory import map_file, open_file

__all__ = ["AUDIT", "HOLE", "Entry", "Segment", "entries", "pack_hole", "tag_of", "unpack_hole"]

MAGIC = int.from_bytes(b"TRSEGMT1", "little")
VERSION = 1

HEADER_WORDS = 8
NUMBER_WORD = 2
# Zero words behind the last entry, so that a reader may unpack three words wherever an entry could begin.
SPARE_WORDS = 3

# Flags of an entry.
AUDIT = 1
HOLE = 2

SEQ_STEP = 1 << 24
SLOT_SHIFT, SLOT_MASK = 12, 0xFFF
LEVEL_SHIFT, LEVEL_MASK = 4, 0xFF
FLAGS_MASK = 0xF
LENGTH_MASK = CHECK_MASK = 0xFFFFFFFF
CHECK_SHIFT = 32

HEADER = struct.Struct("=QQQQ16s16x")
WORDS = struct.Struct("=QQQ")
COUNTS = struct.Struct("=5Q")

Counts = tuple[int, int, int, int, int]


class Entry(NamedTuple):
    """One entry as it stands in a segment."""

    slot: int
    seq: int
    level: int
    flags: int
    time: int
    payload: bytes

    @property
    def size(self) -> int:
        """Words it takes."""
        return words_for(len(self.payload))


def tag_of(level: int, *, audit: bool = False) -> int:
    """The low bits of an entry's word 1: the level, clamped to 0..255, and the flags."""
    return min(max(level, 0), LEVEL_MASK) << LEVEL_SHIFT | (AUDIT if audit else 0)


def words_for(length: int) -> int:
    """Words that an entry with a payload of so many bytes takes."""
    return (length + 31) >> 3


def segment_size_for(length: int) -> int:
    """The bytes of a segment that can hold entries of so many words altogether, in whole pages."""
    return -(-(HEADER_WORDS + length + SPARE_WORDS) * 8 // mmap.PAGESIZE) * mmap.PAGESIZE


def pack_hole(counts: Counts) -> bytes:
    """The payload of a hole marker: how many records were shed, by level class."""
    return COUNTS.pack(*counts)


def unpack_hole(payload: bytes) -> Counts:
    """The counts in a hole marker's payload."""
    a, b, c, d, e = COUNTS.unpack(payload)
    return (a, b, c, d, e)


class Segment:
    """One segment of this process's spool, mapped.

    Attributes:
        path: its file; None when it is anonymous memory.
        limit: the first word that no entry may reach.
        end: the word behind its last entry once it is sealed; None while it is written to.
        audit_only: everything in it is audit records and holes: there is nothing left to shed.
        tops: the highest seq of each slot in it, as far as the scanner has come.
        scanned: the scanner has been through all of it, so `tops` is complete.
        settled_at: when all of it was seen to be acknowledged, on the monotonic clock.
    """

    __slots__ = (
        "audit_only",
        "end",
        "limit",
        "map",
        "number",
        "path",
        "scanned",
        "settled_at",
        "size",
        "tops",
        "words",
    )

    def __init__(self, memory: mmap.mmap, number: int, size: int, path: str | None, spool_id: bytes) -> None:
        self._map(memory, number, size, path)
        HEADER.pack_into(memory, 0, MAGIC, VERSION, number, size, spool_id)

    def _map(self, memory: mmap.mmap, number: int, size: int, path: str | None) -> None:
        self.path = path
        self.number = number
        self.size = size
        self.map = memory
        self.words = memoryview(memory).cast("Q")
        self.limit = size // 8 - SPARE_WORDS
        self.end: int | None = None
        self.audit_only = False
        self.tops: dict[int, int] = {}
        self.scanned = False
        self.settled_at: float | None = None

    @classmethod
    def create(cls, folder: str | None, number: int, size: int, spool_id: bytes) -> Segment:
        """Make an empty segment in a folder, or in anonymous memory when there is none.

        Raises:
            OSError: when the folder has no room for it.
        """
        if folder is None:
            return cls(mmap.mmap(-1, size), number, size, None, spool_id)
        path = segment_path(folder, number)
        with suppress(FileNotFoundError):
            os.unlink(path)
        fd = open_file(path, size)
        try:
            return cls(map_file(fd, size), number, size, path, spool_id)
        finally:
            os.close(fd)

    @classmethod
    def adopt(cls, path: str, spool_id: bytes) -> Segment:
        """Map the sealed segment that a dead process left; entries behind a torn one are lost.

        Raises:
            OSError, SpoolError: when the file can't be opened, or is no segment of that spool.
        """
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0))
        try:
            size = os.fstat(fd).st_size
            memory = map_file(fd, size) if size > HEADER.size else None
        finally:
            os.close(fd)
        number = number_of(os.path.basename(path))
        if memory is None or HEADER.unpack_from(memory, 0) != (MAGIC, VERSION, number, size, spool_id):
            raise SpoolError(f"{path} is no segment of its spool")
        segment = cls.__new__(cls)
        segment._map(memory, number, size, path)
        segment.end = HEADER_WORDS + sum(entry.size for entry in entries(memoryview(memory)))
        if segment.end < size // 8:
            segment.words[segment.end] = 0  # nobody reads on behind a torn entry
        return segment

    def highest_seqs(self) -> dict[int, int]:
        """The highest seq of each slot in it."""
        return {entry.slot: entry.seq for entry in entries(memoryview(self.map)[: self.used()], check=False)}

    def put(self, at: int, entry: Entry) -> int:
        """Write an entry at that word; returns the word behind it."""
        word = entry.seq * SEQ_STEP | entry.slot << SLOT_SHIFT | entry.level << LEVEL_SHIFT | entry.flags
        self.write(at, word, entry.time, entry.payload)
        return at + entry.size

    def write(self, at: int, word: int, time: int, payload: bytes) -> None:
        """Write an entry's words and payload, the first word last."""
        words = self.words
        words[at + 1], words[at + 2] = word, time
        start = (at << 3) + WORDS.size
        self.map[start : start + len(payload)] = payload
        words[at] = zlib.adler32(payload, (word ^ time) & CHECK_MASK) << CHECK_SHIFT | len(payload)

    def find_end(self) -> int:
        """The word behind the last entry, found by going from one to the next."""
        at = HEADER_WORDS
        while commit := self.words[at]:
            at += words_for(commit & LENGTH_MASK)
        return at

    def wipe_from(self, at: int) -> None:
        """Remove what an entry that was never finished has left behind this word."""
        size = self.size - (at << 3)
        self.map[at << 3 :] = bytes(size)

    def used(self) -> int:
        """Bytes that count as used: all of it until it is sealed."""
        return self.size if self.end is None else self.end << 3

    def take_place_of(self, other: Segment) -> None:
        """Become the file of another segment, in one step."""
        self.words[NUMBER_WORD] = self.number = other.number
        if self.path is not None and other.path is not None:
            os.rename(self.path, other.path)
            self.path = other.path
        else:
            other.unlink()

    def unlink(self) -> None:
        """Remove its file; its memory stays until nobody holds it."""
        if self.path is not None:
            with suppress(FileNotFoundError):
                os.unlink(self.path)


def number_of(name: str) -> int:
    """The number that a segment's file name tells; 0 for one that is no part of the spool."""
    digits = name.removesuffix(".seg")
    return int(digits) if digits.isdigit() else 0


def segment_path(folder: str, number: int) -> str:
    """The file of a segment."""
    return os.path.join(folder, f"{number:08d}.seg")


def entries(memory: bytes | memoryview, *, check: bool = True) -> Iterator[Entry]:
    """The entries in a segment's bytes, up to the first that is not whole.

    Args:
        check: compare checksums; only memory that this process itself wrote can do without.
    """
    at, size = HEADER_WORDS << 3, len(memory)
    while at + WORDS.size <= size:
        commit, word, time = WORDS.unpack_from(memory, at)
        length = commit & LENGTH_MASK
        stop = at + WORDS.size + length
        if not commit or stop > size:
            return
        payload = bytes(memory[at + WORDS.size : stop])
        if check and zlib.adler32(payload, (word ^ time) & CHECK_MASK) != commit >> CHECK_SHIFT:
            return
        yield Entry(
            word >> SLOT_SHIFT & SLOT_MASK,
            word // SEQ_STEP,
            word >> LEVEL_SHIFT & LEVEL_MASK,
            word & FLAGS_MASK,
            time,
            payload,
        )
        at += words_for(length) << 3
