"""The spool: what a log call leaves behind and the shipper takes up. Safe from SIGKILL when `append` returns.

handler -> append -> [segment, segment, ...] -> scanner -> shipper
"""

from __future__ import annotations

import shutil
import time as clock
from _thread import allocate_lock, get_ident
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b

from tailrace.config import Config
from tailrace.errors import SpoolFull
from tailrace.head import Head, Slot
from tailrace.identity import Incarnation, facts_of_process
from tailrace.overflow import Overflow
from tailrace.segment import (
    AUDIT,
    HEADER_WORDS,
    HOLE,
    LENGTH_MASK,
    LEVEL_SHIFT,
    SEQ_STEP,
    SLOT_MASK,
    SLOT_SHIFT,
    WORDS,
    Counts,
    Segment,
    pack_hole,
    tag_of,
    words_for,
)
from tailrace.shelf import Shelf
from tailrace.spooldir import make_folder
from tailrace.wire.append import new_producer
from tailrace.wire.levels import level_class

__all__ = ["AWAKE", "URGENT", "Spool", "SpoolGone"]

# Seconds that a log call waits for another thread's to finish; one takes microseconds.
PATIENCE = 0.05

# Seconds between two looks whether the other thread is done.
POLL = 0.0002

# `wake_at` while the shipper is awake and will look by itself.
AWAKE = 1 << 62

# A record from ERROR up wakes the shipper even while it collects a batch.
URGENT = tag_of(40)


class SpoolGone(Exception):
    """The spool was removed, at the end of the process: what comes now needs a new one."""


class Spool:
    """One process's own spool.

    `hotpath` does what `append` does in line, hence so many public attributes.

    Attributes:
        folder: where its files are; None when it is anonymous memory.
        slots: the streams by the number that entries carry.
        lock: held while anything of the spool changes, always by `with`, which no signal handler can interrupt between
            taking it and being bound to give it back.
        holder: ident of the thread that holds it, set first and cleared last within it: a thread that finds its own
            here has been interrupted in there, by a signal handler or a destructor that logs.
        at: the word of the current segment where the next entry begins; `limit` is the first it may not reach.
        map, words: the current segment's memory.
        overflow: records that came while their own thread was writing.
        wake_at: a record that ends beyond this word of the current segment wakes the shipper: 0 any, `AWAKE` none.
        on_wake: called then, by the thread that logs; must not block.
    """

    def __init__(self, folder: str | None, spool_id: bytes, limit: int, head: Head) -> None:
        self.folder = folder
        self.id = spool_id
        self.head = head
        self.slots: dict[int, Slot] = {}
        self.shelf = Shelf(folder, spool_id, limit, self.slots)
        self.wake_at = 0
        self.on_wake: Callable[[], object] = bool
        self._by_name: dict[str, Slot] = {}
        self.lock = allocate_lock()
        self.holder = 0
        self._gone = False
        self.overflow = Overflow()
        self._floor = 0
        self.at = self.limit = 0
        self._write_to(self.shelf.current)

    @classmethod
    def open(cls, config: Config) -> Spool:
        """Make a new spool for this process, in the first usable place, else in anonymous memory."""
        spool_id = new_producer()
        facts = facts_of_process(config.service).pack()
        folder = make_folder(config.spool_dir, spool_id)
        who = Incarnation.current()
        try:
            head = Head(folder, spool_id, who, facts, target_of(config))
        except OSError:
            # The folder could be made, but no file in it: the shelf says so for its own files.
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
            folder, head = None, Head(None, spool_id, who, facts, target_of(config))
        return cls(folder, spool_id, config.spool_max, head)

    # For the threads that log.

    def append(self, slot: Slot, tag: int, time: int, payload: bytes) -> None:
        """Keep a packed record, or shed it by the rules of the shelf; either way it takes the stream's next seq.

        Args:
            tag: `tag_of(level, audit=...)`.
            time: of the record, µs since 1970.

        Raises:
            SpoolFull: for an audit record only, when nothing can be shed for it. It takes no seq then.
            SpoolGone: after `remove`.
        """
        me = get_ident()
        if self.holder == me or (self.lock.locked() and not self._is_free_soon()):
            self.overflow.put(slot, tag, time, payload)
            return
        with self.lock:
            self.holder = me
            try:
                self._write(slot, tag, time, payload)
            finally:
                try:
                    self.settle()
                finally:
                    self.holder = 0
        if self.at >= self.wake_at or tag >= URGENT:
            self.on_wake()
        if self.overflow.waits:
            self.drain()

    def slot(self, name: str) -> Slot:
        """The slot of a stream, made if need be.

        Raises:
            SpoolFull: when all slots are taken by streams with unacknowledged records.
        """
        found = self._by_name.get(name)
        if found is not None and not found.retired:
            return found
        with self._held():
            return self._by_name.get(name) or self._make_slot(name)

    def drain(self) -> None:
        """Write what came while the spool was busy; if it still is, whoever is in there will."""
        me = get_ident()
        while self.overflow.waits and self.holder != me and not self.lock.locked():
            with self.lock:
                self.holder = me
                try:
                    self._write_overflow()
                finally:
                    try:
                        self.settle()
                    finally:
                        self.holder = 0

    # For the shipper.

    def close_hole(self, slot: Slot, seen: int, make_record: Callable[[Counts], tuple[int, bytes]]) -> None:
        """Write a record behind a hole that nothing follows, so that a frame declares the hole.

        Args:
            seen: the stream's last seq when the hole was found; when it has moved on, nothing is written.
            make_record: gives time and packed record from what the open hole counts.
        """
        with self._held():
            if not slot.retired and slot.last_seq == seen:
                time, payload = make_record(slot.hole())
                self._write(slot, tag_of(30), time, payload)

    def keep_from(self, slot: Slot) -> None:
        """Redis fell back: what lies behind `slot.acked` waits again for an acknowledgement."""
        with self._held():
            self.shelf.unsettle(slot)

    def acknowledged(self, now: float) -> None:
        """Use what was acknowledged: remove old segments, shed less, make the next segment ready."""
        with self._held():
            self.shelf.reclaim(now)
            self._set_gates()
            if self.at > self.limit // 2:
                self.shelf.prepare()

    def written(self) -> tuple[Segment, int]:
        """The current segment and the word behind its last entry."""
        return self.shelf.current, self.at

    def pending(self) -> bool:
        """Whether any record or hole is not acknowledged, or still waits to be written."""
        return self.overflow.waits or any(slot.acked < slot.last_seq for slot in list(self.slots.values()))

    def remove(self) -> None:
        """Remove all files, if everything in them is acknowledged."""
        with self._held():
            if self.pending():
                return
            self._gone = True
            for slot in self.slots.values():
                slot.retire()
            self.shelf.remove_all()
            if self.folder is not None:
                shutil.rmtree(self.folder, ignore_errors=True)
            self.head.close()

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Hold the lock, however long that takes; a thread that has it already goes on with it."""
        me = get_ident()
        if self.holder == me:
            yield
            return
        with self.lock:
            self.holder = me
            try:
                yield
            finally:
                try:
                    self.settle()
                finally:
                    self.holder = 0
        self.drain()

    def _is_free_soon(self) -> bool:
        deadline = clock.monotonic() + PATIENCE
        while self.lock.locked():
            if clock.monotonic() > deadline:
                return False
            clock.sleep(POLL)
        return True

    # Under the lock.

    def _write_to(self, segment: Segment) -> None:
        self._segment, self.map, self.words = segment, segment.map, segment.words
        self.at, self.limit = HEADER_WORDS, segment.limit

    def _put(self, word: int, time: int, payload: bytes) -> None:
        words = words_for(len(payload))
        if self.at + words > self.limit:
            segment = self.shelf.turn(self.at, words)
            self._write_to(segment)
            self._set_gates()
            self.wake_at = 0 if self.wake_at < AWAKE else AWAKE
        self._segment.write(self.at, word, time, payload)
        self.at += words

    def _write(self, slot: Slot, tag: int, time: int, payload: bytes) -> None:
        if self._gone:
            raise SpoolGone
        if slot.retired:
            slot = self._by_name.get(slot.name) or self._make_slot(slot.name)
        audit = tag & AUDIT
        if tag < self.shelf.floor and not audit:
            slot.shed(level_class(tag >> LEVEL_SHIFT))
            return
        try:
            if slot.hole_from:
                self._put(slot.next - SEQ_STEP | HOLE, time, pack_hole(slot.hole()))
                slot.hole_closed(self.shelf.floor)
            self._put(slot.next | tag, time, payload)
            slot.next += SEQ_STEP
        except SpoolFull:
            if audit:
                raise
            slot.shed(level_class(tag >> LEVEL_SHIFT))

    def _write_overflow(self) -> None:
        self.overflow.waits = False
        for slot, kind, number in self.overflow.take_dropped():
            for _ in range(number):
                slot.shed(kind)
        while waiting := self.overflow.take():
            slot, tag, time, payload = waiting
            try:
                self._write(slot, tag, time, payload)
            except SpoolFull:
                # Its log call has returned long ago: nobody is left to raise to, so it is declared as shed.
                slot.shed(level_class(tag >> LEVEL_SHIFT))

    def _make_slot(self, name: str) -> Slot:
        index = len(self.slots)
        last_seq = 0
        if index >= self.head.slots and not self.head.grow():
            index, last_seq = self._retire_a_slot()
        slot = Slot(self.head, index, name, new_producer(), last_seq)
        slot.set_floor(self._floor)
        self.slots[index] = self._by_name[name] = slot
        return slot

    def _retire_a_slot(self) -> tuple[int, int]:
        """Take the slot of a stream of which everything is acknowledged; numbers go on where it stopped."""
        for slot in self.slots.values():
            if slot.acked == slot.last_seq and slot.read == slot.acked:
                slot.retire()
                del self._by_name[slot.name]
                return slot.index, slot.last_seq
        raise SpoolFull(f"all {len(self.slots)} streams of this process have records that Redis did not take")

    def _set_gates(self) -> None:
        floor = self.shelf.floor
        if floor != self._floor:
            self._floor = floor
            for slot in self.slots.values():
                slot.set_floor(floor)

    def settle(self) -> None:
        """Leave no entry half known, wherever a write was interrupted."""
        if self.words[self.at]:
            self._step_over()

    def _step_over(self) -> None:
        """An entry was committed, but its place not yet counted as used."""
        commit, word, _ = WORDS.unpack_from(self.map, self.at << 3)
        self.at += words_for(commit & LENGTH_MASK)
        index = word >> SLOT_SHIFT & SLOT_MASK
        self.slots[index].next = (word // SEQ_STEP + 1) * SEQ_STEP | index << SLOT_SHIFT


def target_of(config: Config) -> bytes:
    """16 bytes that say which Redis and prefix a spool is for; passwords do not matter."""
    place = config.url.rpartition("@")[2] if "@" in config.url else config.url.partition("://")[2]
    return blake2b(f"{place}\n{config.prefix}".encode(), digest_size=16).digest()
