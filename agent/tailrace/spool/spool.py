"""The spool: what a log call leaves behind and the shipper takes up. Safe from SIGKILL when `append` returns.

handler -> append -> [segment, segment, ...] -> scanner -> shipper
"""

from __future__ import annotations

import os
import shutil
import time as clock
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from hashlib import blake2b
from itertools import chain
from types import MappingProxyType
from typing import ParamSpec, TypeVar

from tailrace.config import Config
from tailrace.errors import SpoolError, SpoolFull
from tailrace.identity import Incarnation, facts_of_process
from tailrace.native import allocate_lock, get_ident
from tailrace.spool.directory import keep_mappings, make_folder
from tailrace.spool.head import Head
from tailrace.spool.overflow import Overflow, Pending
from tailrace.spool.segment import (
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
    number_of,
    pack_hole,
    tag_of,
    words_for,
)
from tailrace.spool.shelf import Shelf
from tailrace.spool.slot import Slot, SlotInfo
from tailrace.wire.append import new_producer
from tailrace.wire.levels import level_class

__all__ = ["AWAKE", "URGENT", "Spool", "SpoolGone"]

P = ParamSpec("P")
T = TypeVar("T")

# Seconds that a log call waits for another thread's to finish; one takes microseconds.
PATIENCE = 0.05

# Bytes that a dead process's spool may grow to: it is only waited for its end.
UNLIMITED = 1 << 62

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
        holder: ident of the thread that holds it, set first and cleared last within it. A thread that finds its own
            here while the lock is held has been interrupted in there, by a signal handler or a destructor that logs.
        at: the word of the current segment where the next entry begins; `limit` is the first it may not reach, and 0
            after a signal handler threw somebody out who held the lock: the next to hold it takes stock.
        map, words: the current segment's memory.
        overflow: records that came while their own thread was writing.
        wake_at: a record that ends beyond this word of the current segment wakes the shipper: 0 any, `AWAKE` none.
        on_wake: called then, by the thread that logs; must not block.
    """

    def __init__(
        self,
        head: Head,
        limit: int,
        slots: Mapping[int, Slot] = MappingProxyType({}),
        segments: Iterable[Segment] = (),
    ) -> None:
        self.folder = head.folder
        self.head = head
        self.slots: dict[int, Slot] = dict(slots)
        self.shelf = Shelf(head.folder, head.info.id, limit, self.slots, segments)
        self.wake_at = 0
        self.on_wake: Callable[[], object] = bool
        self._by_name = {slot.name: slot for slot in self.slots.values()}
        self.lock = allocate_lock()
        self.holder = 0
        self._gone = False
        self._finished: dict[int, Slot] = {}
        self.overflow = Overflow()
        self._draining: tuple[Pending | None, Slot | None, int] = (None, None, 0)
        self._floor = 0
        self.at = self.limit = 0
        self._write_to(self.shelf.current, HEADER_WORDS)

    @classmethod
    def open(cls, config: Config) -> Spool:
        """Make a new spool for this process, in the first usable place, else in anonymous memory."""
        spool_id = new_producer()
        facts = facts_of_process(config.service).pack()
        folder = make_folder(config.spool_dir, spool_id, config.spool_dir_max)
        who = Incarnation.current()
        try:
            head = Head.create(folder, spool_id, who, facts, target_of(config))
        except OSError:
            # The folder could be made, but no file in it: the shelf says so for its own files.
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
            head = Head.create(None, spool_id, who, facts, target_of(config))
        return cls(head, config.spool_max)

    @classmethod
    def adopt(cls, head: Head) -> Spool:
        """Go on with a dead process's spool, whose head has been taken over. Nothing in it is shed.

        Raises:
            OSError: when a file can't be read, or there is no room for a new one.
        """
        info = head.info
        segments = list(_segments_in(head.folder or "", info.id))
        tops: dict[int, int] = {}
        for segment in segments:
            tops |= segment.highest_seqs()
        slots: dict[int, Slot] = {}
        for index in range(head.slots):
            found = SlotInfo.parse(memoryview(head.map), index)
            if found is not None:
                slots[index] = Slot.adopt(head, index, found, tops.get(index, 0))
        return cls(head, UNLIMITED, slots, segments)

    # For the threads that log.

    def append(self, slot: Slot, tag: int, time: int, payload: bytes) -> int:
        """Keep a packed record, or shed it by the rules of the shelf; either way it takes the stream's next seq.

        Args:
            tag: `tag_of(level, audit=...)`.
            time: of the record, µs since 1970.

        Returns:
            the seq it took; 0 while it waits for another log call, which writes it: that of its own thread which it
            interrupts, or, unless it is an audit record, one that takes more than 50 ms.

        Raises:
            SpoolFull: for an audit record only, when nothing can be shed for it. It takes no seq then.
            SpoolGone: after `remove`.
        """
        if self.lock.locked() and (self.holder == get_ident() or not (tag & AUDIT or self._is_free_soon())):
            self.overflow.put(slot, tag, time, payload)
            return 0
        seq = self._holding(self._write_behind, slot, tag, time, payload)
        if self.at >= self.wake_at or tag >= URGENT:
            self.on_wake()
        return seq

    def slot(self, name: str) -> Slot:
        """The slot of a stream, made if need be.

        Raises:
            SpoolFull: when all slots are taken by streams with unacknowledged records.
        """
        found = self._by_name.get(name)
        if found is not None and not found.retired:
            return found
        return self._holding(self._find_slot, name)

    def finish(self, slot: Slot) -> None:
        """Note that nothing more comes to a stream: nobody need miss its writer, and its place is given away first."""

        def close() -> None:
            if not slot.retired and not self._gone:
                slot.finish()
                self._finished[slot.index] = slot

        self._holding(close)

    def resume(self, slot: Slot) -> None:
        """Something comes to a stream that had been finished."""
        self._holding(slot.resume)

    def rename_producer(self, slot: Slot) -> None:
        """Number what is not acknowledged from 1 again, in a new producer's name."""
        self._holding(slot.rename_producer, new_producer())

    def drain(self) -> None:
        """Write what came while the spool was busy; if it still is, whoever is in there will."""
        while self.overflow.waits and not self.lock.locked():
            self._holding(self._write_overflow)

    # For the shipper.

    def close_hole(self, slot: Slot, seen: int, make_record: Callable[[Counts], tuple[int, bytes]]) -> None:
        """Write a record behind a hole that nothing follows, so that a frame declares the hole.

        Args:
            seen: the stream's last seq when the hole was found; when it has moved on, nothing is written.
            make_record: gives time and packed record from what the open hole counts.
        """

        def close() -> None:
            if not slot.retired and not self._gone and slot.last_seq == seen:
                time, payload = make_record(slot.hole())
                self._write(slot, tag_of(30), time, payload)

        self._holding(close)

    def keep_from(self, slot: Slot) -> None:
        """Redis fell back: what lies behind `slot.acked` waits again for an acknowledgement."""
        self._holding(self.shelf.unsettle, slot)

    def acknowledged(self, now: float) -> None:
        """Use what was acknowledged: remove old segments, shed less, make the next segment ready."""

        def use() -> None:
            if not self.head.is_open():
                keep_mappings([*self.head.mappings(), *self.shelf.mappings()])
            self.shelf.reclaim(now)
            self._set_gates()
            if self.at > self.limit // 2:
                self.shelf.prepare()

        self._holding(use)

    def limit_to(self, limit: int) -> None:
        """Let it take so many bytes from now on."""
        self._holding(self.shelf.limit_to, limit)

    def written(self) -> tuple[Segment, int]:
        """The current segment and the word behind its last entry."""
        return self.shelf.current, self.at

    def pending(self) -> bool:
        """Whether any record or hole is not acknowledged, or still waits to be written."""
        return self.overflow.waits or any(slot.acked < slot.last_seq for slot in list(self.slots.values()))

    def abandon(self) -> None:
        """Take nothing more: the files are gone, or another process has taken them over."""

        def close() -> None:
            self._gone = True
            for slot in self.slots.values():
                slot.close()

        self._holding(close)

    def leave(self) -> None:
        """Let another adopt it, as it was before it was adopted: with nothing in it that is empty."""
        if self.at == HEADER_WORDS:
            self.shelf.current.unlink()

    def remove(self) -> None:
        """Remove all files, if everything in them is acknowledged."""
        self._holding(self._remove)

    def _holding(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do it with the lock held, however long that takes to get; a thread that has it already goes on with it."""
        me = get_ident()
        if self.holder == me and self.lock.locked():
            return work(*args, **kwargs)
        # Not a context manager of our own: a signal handler that raises at its end would leave the lock held.
        with self.lock:
            self.holder = me
            try:
                if not self.limit:
                    self._take_stock()
                result = work(*args, **kwargs)
            except (SpoolFull, SpoolGone):
                self.holder = 0
                raise
            except BaseException:
                self.limit = 0
                self.holder = 0
                raise
            self.holder = 0
        if self.overflow.waits:
            self.drain()
        return result

    def _is_free_soon(self) -> bool:
        deadline = clock.monotonic() + PATIENCE
        while self.lock.locked():
            if clock.monotonic() > deadline:
                return False
            clock.sleep(POLL)
        return True

    # Under the lock.

    def _write_to(self, segment: Segment, at: int) -> None:
        self._segment, self.map, self.words = segment, segment.map, segment.words
        self.at, self.limit = at, segment.limit

    def _put(self, word: int, time: int, payload: bytes) -> None:
        words = words_for(len(payload))
        if self.at + words > self.limit:
            segment = self.shelf.turn(self.at, words)
            self._write_to(segment, HEADER_WORDS)
            self._set_gates()
            self.wake_at = 0 if self.wake_at < AWAKE else AWAKE
        self._segment.write(self.at, word, time, payload)
        self.at += words

    def _write_behind(self, slot: Slot, tag: int, time: int, payload: bytes) -> int:
        """Write a record behind those that came before it and still wait."""
        if self.overflow.waits:
            self._write_overflow()
        return self._write(slot, tag, time, payload)

    def _write(self, slot: Slot, tag: int, time: int, payload: bytes) -> int:
        if self._gone:
            raise SpoolGone
        if slot.retired:
            slot = self._find_slot(slot.name)
        audit = tag & AUDIT
        if tag < self.shelf.floor and not audit:
            return slot.shed(level_class(tag >> LEVEL_SHIFT))
        try:
            if slot.hole_from:
                self._put(slot.next - SEQ_STEP | HOLE, time, pack_hole(slot.hole()))
                slot.hole_closed(self.shelf.floor)
            self._put(slot.next | tag, time, payload)
            slot.next += SEQ_STEP
        except SpoolFull:
            if audit:
                raise
            return slot.shed(level_class(tag >> LEVEL_SHIFT))
        return slot.last_seq

    def _write_overflow(self) -> None:
        overflow = self.overflow
        overflow.waits = False
        for slot, kind, number in overflow.take_dropped():
            for _ in range(number):
                slot.shed(kind)
        while waiting := overflow.first():
            slot, tag, time, payload = waiting
            # Should it be interrupted, this tells whether it has been written.
            self._draining = (waiting, slot, slot.next)
            try:
                self._write(slot, tag, time, payload)
            except SpoolFull:
                # Its log call has returned long ago: nobody is left to raise to, so it is declared as shed.
                slot.shed(level_class(tag >> LEVEL_SHIFT))
            overflow.remove_first()

    def _find_slot(self, name: str) -> Slot:
        return self._by_name.get(name) or self._make_slot(name)

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
        for slot in chain(self._finished.values(), self.slots.values()):
            if not slot.retired and slot.acked == slot.last_seq and slot.read == slot.acked:
                self._finished.pop(slot.index, None)
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

    def _remove(self) -> None:
        if self.pending():
            return
        self._gone = True
        for slot in self.slots.values():
            slot.retire()
        self.shelf.remove_all()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.head.close()

    def _take_stock(self) -> None:
        """Who held the lock last was thrown out, by a signal handler that raised: find out how far it came.

        What is in memory decides. May itself be interrupted; the next one then begins again.
        """
        self.shelf.take_stock()
        segment = self.shelf.current
        at, last = HEADER_WORDS, dict[int, int]()
        while segment.words[at]:
            commit, word, _ = WORDS.unpack_from(segment.map, at << 3)
            last[word >> SLOT_SHIFT & SLOT_MASK] = word // SEQ_STEP
            at += words_for(commit & LENGTH_MASK)
        segment.wipe_from(at)
        self._floor = self.shelf.floor
        for slot in self.slots.values():
            slot.take_stock(last.get(slot.index, 0), self._floor)
        self._finish_draining()
        self.overflow.waits = True
        self._write_to(segment, at)

    def _finish_draining(self) -> None:
        waiting, slot, before = self._draining
        if waiting is not None and waiting is self.overflow.first() and slot is not None and slot.next != before:
            self.overflow.remove_first()


def _segments_in(folder: str, spool_id: bytes) -> Iterator[Segment]:
    for name in sorted(os.listdir(folder), key=number_of):
        path = os.path.join(folder, name)
        if number_of(name):
            # What was lost in one that is damaged shows in the seqs, and is declared.
            with suppress(SpoolError):
                yield Segment.adopt(path, spool_id)


def target_of(config: Config) -> bytes:
    """16 bytes that say which Redis and prefix a spool is for; passwords do not matter."""
    place = config.url.rpartition("@")[2] if "@" in config.url else config.url.partition("://")[2]
    return blake2b(f"{place}\n{config.prefix}".encode(), digest_size=16).digest()
