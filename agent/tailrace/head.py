"""The spool's head: one mapped file that says whose spool it is and where each of its streams stands.

info page, 4096 bytes   see docs/SPOOL.md
slots, 256 bytes each   word  0      length of the name << 8 | state: 0 free, 1 or 2 = which identity is valid
                        word  1      acknowledged seq
                        word  2      first seq of the open hole; 0 = none
                        words 3-7    records shed in the open hole, by level class
                        words 8-23   stream name
                        words 24-26  identity 1: producer (16 bytes), base
                        words 27-29  identity 2
                        word  30     n of the last acknowledged record's ID
                        word  31     upper 20 bits of the crc32 of its epoch << 44 | its generation
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import time
import zlib

from tailrace.identity import Incarnation
from tailrace.segment import SEQ_STEP, SLOT_SHIFT, Counts
from tailrace.spooldir import allocate, map_file, open_file

__all__ = ["Head", "Slot"]

MAGIC = int.from_bytes(b"TRSPOOL1", "little")
VERSION = 1

INFO_BYTES = 4096
SLOT_BYTES = 256
SLOT_WORDS = SLOT_BYTES // 8
FIRST_BYTES = 16 << 10
MOST_BYTES = 1 << 20

# The info page behind its magic: version, spool ID, pid, start time, boot ID, PID namespace, heartbeat, target, facts.
INFO = struct.Struct("=Q16sQQ16sQQ16sQ")
FACTS_AT = 8 + INFO.size
HEARTBEAT_WORD = 9

FREE = 0
STATE, ACKED, HOLE_FROM, COUNTS, NAME, IDENTITIES, LAST_N, LAST_EPOCH = 0, 1, 2, 3, 8, 24, 30, 31
IDENTITY_WORDS = 3

NAME_SHIFT, STATE_MASK = 8, 0xFF

# Generations are Redis time in ms, which has 41 bits.
GENERATION_BITS = 44
GENERATION_MASK = (1 << GENERATION_BITS) - 1

# A gate that no tag passes.
CLOSED = 1 << 16


class Head:
    """The mapped head of this process's own spool; for its life the process holds a POSIX lock on the file.

    The file is opened once: closing any other descriptor of it would drop the lock.
    """

    def __init__(self, folder: str | None, spool_id: bytes, who: Incarnation, facts: bytes, target: bytes) -> None:
        # Anonymous memory cannot grow in place; pages never touched cost nothing.
        self.size = FIRST_BYTES if folder else MOST_BYTES
        self.path = os.path.join(folder, "head") if folder else None
        self._fd = -1
        # A mapping has its own descriptor of the file, and closing that would drop the lock: outgrown ones are kept.
        self._outgrown: list[mmap.mmap] = []
        if self.path:
            self._fd = open_file(self.path, self.size)
            fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._map()
        facts = facts[: INFO_BYTES - FACTS_AT]
        INFO.pack_into(
            self.map, 8, VERSION, spool_id, who.pid, who.started, who.boot, who.namespace, 0, target, len(facts)
        )
        self.map[FACTS_AT : FACTS_AT + len(facts)] = facts
        self.beat()
        # Last: a head without its magic is one that was never finished.
        self.words[0] = MAGIC

    def _map(self) -> None:
        self.map = map_file(self._fd, self.size) if self._fd >= 0 else mmap.mmap(-1, self.size)
        self.words = memoryview(self.map).cast("Q")

    @property
    def slots(self) -> int:
        """How many slots there is room for."""
        return (self.size - INFO_BYTES) // SLOT_BYTES

    def grow(self) -> bool:
        """Double the room for slots; False when it is as large as it may be, or the disk is full."""
        if self._fd < 0 or self.size * 2 > MOST_BYTES:
            return False
        try:
            allocate(self._fd, self.size, self.size * 2)
        except OSError:
            return False
        self.size *= 2
        self._outgrown.append(self.map)
        self._map()
        return True

    def beat(self) -> None:
        """Note that the owner is alive: for adopters in another PID namespace, who cannot look for its process."""
        self.words[HEARTBEAT_WORD] = time.time_ns() // 1000

    def close(self) -> None:
        """Let go of the lock."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class Slot:
    """One stream's place in the head: what is numbered, acknowledged and shed.

    What the caller's thread changes it changes under the spool's lock; `acked` and the identity belong to the shipper.

    Attributes:
        next: word 1 of the stream's next entry, without level and flags; holds the next seq.
        gate: a record with a tag below this one must not take the short way: it is shed, or there is an open hole to
            close first, or the slot was taken away.
        acked: all records up to this seq are in Redis, or have been declared there.
        producer: who numbers the records in Redis.
        base: `seq - base` is the number there.
        read: how far the shipper has come; holes are cut there, so that their counts stay exact.
    """

    __slots__ = ("_at", "_head", "acked", "base", "gate", "index", "name", "next", "producer", "read", "retired")

    def __init__(self, head: Head, index: int, name: str, producer: bytes, last_seq: int = 0) -> None:
        self._head = head
        self._at = (INFO_BYTES + index * SLOT_BYTES) // 8
        self.index = index
        self.name = name
        self.next = (last_seq + 1) * SEQ_STEP | index << SLOT_SHIFT
        self.gate = 0
        self.retired = False
        self.acked = self.base = self.read = last_seq
        self.producer = producer
        self._write_new()

    def _write_new(self) -> None:
        words, at, name = self._head.words, self._at, self.name.encode("ascii")
        words[at + STATE] = FREE
        for word in range(at + 1, at + SLOT_WORDS):
            words[word] = 0
        start = (at + NAME) << 3
        self._head.map[start : start + len(name)] = name
        words[at + ACKED] = self.acked
        self._write_identity(1)
        words[at + STATE] = len(name) << NAME_SHIFT | 1

    def _write_identity(self, which: int) -> None:
        at = self._at + IDENTITIES + (which - 1) * IDENTITY_WORDS
        self._head.map[at << 3 : (at << 3) + 16] = self.producer
        self._head.words[at + 2] = self.base

    @property
    def last_seq(self) -> int:
        """The highest seq given out, to a record or to a shed one."""
        return self.next // SEQ_STEP - 1

    def acknowledge(self, seq: int, n: int, epoch: str, generation: int) -> None:
        """Note that Redis holds everything up to `seq`, and where it put the last record."""
        self.acked = seq
        words, at = self._head.words, self._at
        words[at + ACKED] = seq
        words[at + LAST_N] = n
        words[at + LAST_EPOCH] = zlib.crc32(epoch.encode()) >> 12 << GENERATION_BITS | generation & GENERATION_MASK

    def rename_producer(self, producer: bytes) -> None:
        """Number from 1 again, under another name, from the first record that is not acknowledged.

        The new identity is written beside the old one and then made valid by one store.
        """
        self.producer, self.base = producer, self.acked
        words, at = self._head.words, self._at
        which = 2 if words[at + STATE] & STATE_MASK == 1 else 1
        self._write_identity(which)
        words[at + STATE] = len(self.name) << NAME_SHIFT | which

    # The open hole: records shed after the last one that was kept.

    @property
    def hole_from(self) -> int:
        """The first seq of the open hole; 0 when there is none."""
        return self._head.words[self._at + HOLE_FROM]

    def hole(self) -> Counts:
        """Records shed in the open hole, by level class."""
        a, b, c, d, e = self._head.words[self._at + COUNTS : self._at + COUNTS + 5]
        return (a, b, c, d, e)

    def shed(self, level_class: int) -> int:
        """Give the next seq to a record that is not kept, and return it. The counts tell how far the hole reaches."""
        words, at = self._head.words, self._at
        if not words[at + HOLE_FROM]:
            self.gate = CLOSED
            words[at + HOLE_FROM] = self.next // SEQ_STEP
        words[at + COUNTS + level_class] += 1
        self.next += SEQ_STEP
        return self.last_seq

    def take_stock(self, last: int, floor: int) -> None:
        """Have the numbers go on behind what is in memory: a change was interrupted somewhere.

        Args:
            last: the seq of the slot's last entry in the newest segment; 0 when there is none.
        """
        begin, size = self.hole_from, sum(self.hole())
        if begin > last and size:
            last = begin + size - 1
        else:
            self.hole_closed(floor)
        self.set_floor(floor)
        if last > self.last_seq:
            self.next = (last + 1) * SEQ_STEP | self.index << SLOT_SHIFT

    def hole_closed(self, floor: int) -> None:
        """Forget the open hole: a marker in a segment tells of it now."""
        words, at = self._head.words, self._at
        words[at + HOLE_FROM] = 0
        for word in range(at + COUNTS, at + COUNTS + 5):
            words[word] = 0
        self.set_floor(floor)

    # The gate.

    def set_floor(self, floor: int) -> None:
        """Have records with a tag below this one shed."""
        self.gate = CLOSED if self.retired or self.hole_from else floor

    def retire(self) -> None:
        """The slot belongs to another stream from now on."""
        self.retired, self.gate = True, CLOSED
