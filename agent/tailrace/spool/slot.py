"""The slot: one stream's place in the head of a spool.

256 bytes   word  0      length of the name << 8 | state: 0 free, 1 or 2 = which identity is valid; + 4 = finished
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

import zlib
from dataclasses import dataclass

from tailrace.spool.head import INFO_BYTES, SLOT_BYTES, Head
from tailrace.spool.segment import SEQ_STEP, SLOT_SHIFT, Counts

__all__ = ["Slot", "SlotInfo", "check_of"]

SLOT_WORDS = SLOT_BYTES // 8

FREE = 0
STATE, ACKED, HOLE_FROM, COUNTS, NAME, IDENTITIES, LAST_N, LAST_EPOCH = 0, 1, 2, 3, 8, 24, 30, 31
IDENTITY_WORDS = 3

NAME_SHIFT, IDENTITY_MASK, FINISHED = 8, 3, 4

# Generations are Redis time in ms, which has 41 bits.
GENERATION_BITS = 44
GENERATION_MASK = (1 << GENERATION_BITS) - 1

# A gate that no tag passes.
CLOSED = 1 << 16


def check_of(epoch: str) -> int:
    """20 bits that tell an epoch from another; 0 for none."""
    return zlib.crc32(epoch.encode()) >> 12 if epoch else 0


@dataclass(frozen=True, slots=True)
class SlotInfo:
    """What a slot's words say.

    Attributes:
        producer, base: what Redis knows `seq` as: number `seq - base` of that producer.
        acked: everything up to this seq is in Redis.
        n, epoch_check, generation: of the last answer; see `check_of`. All 0 before the first.
        finished: its writer has said that nothing more comes.
        hole_from, hole: the open hole, as in `Slot`.
    """

    name: str
    producer: bytes
    base: int
    acked: int
    n: int
    epoch_check: int
    generation: int
    finished: bool
    hole_from: int
    hole: Counts

    @classmethod
    def parse(cls, head: memoryview, index: int) -> SlotInfo | None:
        """Read the slot with that index from the bytes of a head; None when it is free."""
        begin = INFO_BYTES + index * SLOT_BYTES
        words = head[begin : begin + SLOT_BYTES].cast("Q")
        state = words[STATE]
        if not state & IDENTITY_MASK:
            return None
        identity = IDENTITIES + ((state & IDENTITY_MASK) - 1) * IDENTITY_WORDS
        a, b, c, d, e = words[COUNTS : COUNTS + 5]
        return cls(
            bytes(words[NAME:IDENTITIES])[: state >> NAME_SHIFT].decode("ascii"),
            bytes(words[identity : identity + 2]),
            words[identity + 2],
            words[ACKED],
            words[LAST_N],
            words[LAST_EPOCH] >> GENERATION_BITS,
            words[LAST_EPOCH] & GENERATION_MASK,
            bool(state & FINISHED),
            words[HOLE_FROM],
            (a, b, c, d, e),
        )


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
        n, epoch_check, generation: of Redis's last answer; all 0 before the first.
    """

    __slots__ = (
        "_at",
        "_head",
        "acked",
        "base",
        "epoch_check",
        "gate",
        "generation",
        "index",
        "n",
        "name",
        "next",
        "producer",
        "read",
        "retired",
    )

    def __init__(self, head: Head, index: int, name: str, producer: bytes, last_seq: int = 0) -> None:
        self._head = head
        self._at = (INFO_BYTES + index * SLOT_BYTES) // 8
        self.index = index
        self.name = name
        self.next = (last_seq + 1) * SEQ_STEP | index << SLOT_SHIFT
        self.gate = 0
        self.retired = False
        self.acked = self.base = self.read = last_seq
        self.n = self.epoch_check = self.generation = 0
        self.producer = producer
        self._write_new()

    @classmethod
    def adopt(cls, head: Head, index: int, info: SlotInfo, last_seq: int) -> Slot:
        """A dead process's slot, to go on with.

        Args:
            last_seq: the highest seq of its entries.
        """
        slot = cls.__new__(cls)
        slot._head, slot._at = head, (INFO_BYTES + index * SLOT_BYTES) // 8
        slot.index, slot.name, slot.producer = index, info.name, info.producer
        slot.base, slot.acked = info.base, info.acked
        slot.n, slot.epoch_check, slot.generation = info.n, info.epoch_check, info.generation
        slot.read, slot.retired, slot.gate = info.acked, False, 0
        slot.next = (info.acked + 1) * SEQ_STEP | index << SLOT_SHIFT
        slot.take_stock(last_seq, 0)
        return slot

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
        self.acked, self.n = seq, n
        self.epoch_check, self.generation = check_of(epoch), generation & GENERATION_MASK
        words, at = self._head.words, self._at
        words[at + ACKED] = seq
        words[at + LAST_N] = n
        words[at + LAST_EPOCH] = self.epoch_check << GENERATION_BITS | self.generation

    def rename_producer(self, producer: bytes) -> None:
        """Number from 1 again, under another name, from the first record that is not acknowledged.

        The new identity is written beside the old one and then made valid by one store.
        """
        self.producer, self.base = producer, self.acked
        words, at = self._head.words, self._at
        state = words[at + STATE]
        which = 2 if state & IDENTITY_MASK == 1 else 1
        self._write_identity(which)
        words[at + STATE] = state & ~IDENTITY_MASK | which

    @property
    def finished(self) -> bool:
        """Its writer has said that nothing more comes, so nobody need miss it."""
        return bool(self._head.words[self._at + STATE] & FINISHED)

    def finish(self) -> None:
        """Note that nothing more comes."""
        self._head.words[self._at + STATE] |= FINISHED

    def resume(self) -> None:
        """Something comes after all."""
        self._head.words[self._at + STATE] &= ~FINISHED

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

    def close(self) -> None:
        """No record goes the short way any more."""
        self.gate = CLOSED
