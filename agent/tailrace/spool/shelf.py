"""The shelf: a spool's segments, the room they may take, and what gives way when there is none.

Bytes that are not acknowledged count: from 75 % of the limit records below INFO are shed, from 90 % those below
WARNING, and when a new segment would go beyond it the oldest loses everything but its audit records.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from mmap import mmap

from tailrace.diagnostics import write_line
from tailrace.errors import SpoolFull
from tailrace.spool.compaction import Remains, sift
from tailrace.spool.segment import HEADER_WORDS, Segment, segment_size_for, tag_of
from tailrace.spool.slot import Slot

__all__ = ["Shelf"]

KIB = 1 << 10
SMALLEST = 64 * KIB
LARGEST = 4096 * KIB
SEGMENTS_AT_LIMIT = 16

# Seconds that acknowledged records are kept: what a Redis that falls back to its last fsync may ask for again.
KEEP = 5.0

# From this part of the limit on, records with a lower tag than this are shed.
FLOORS = ((0.90, tag_of(30)), (0.75, tag_of(20)), (0.0, 0))


class Shelf:
    """The segments in order of their number; the last one is written to. Every method wants the spool's lock.

    Attributes:
        segments: by number, ascending.
        current: the one that is written to.
        floor: records with a tag below this one are shed.
        limit: bytes that may wait for an acknowledgement.
    """

    def __init__(
        self,
        folder: str | None,
        spool_id: bytes,
        limit: int,
        slots: Mapping[int, Slot],
        adopted: Iterable[Segment] = (),
    ) -> None:
        self._folder = folder
        self._spool_id = spool_id
        self.limit = limit
        self._slots = slots
        self._next_size = SMALLEST
        self._spare: Segment | None = None
        self._said_memory = False
        self.floor = 0
        self.segments: dict[int, Segment] = {segment.number: segment for segment in adopted}
        self.current = self._add(self._create(max(self.segments, default=0) + 1, SMALLEST))

    def unsettled(self) -> int:
        """Bytes in segments that are not known to be acknowledged."""
        return sum(segment.used() for segment in self.segments.values() if segment.settled_at is None)

    def taken(self) -> int:
        """Bytes of all segments, acknowledged or not."""
        return sum(segment.size for segment in self.segments.values())

    def limit_to(self, limit: int) -> None:
        """Shed by this limit from now on. Room that is taken already stays until it is acknowledged or shed."""
        self.limit = limit
        self._next_size = min(self._next_size, self._largest)
        spare, self._spare = self._spare, None
        if spare is not None:
            spare.unlink()
        self.update_floor()

    @property
    def _largest(self) -> int:
        """Bytes of a usual segment, at most."""
        return max(SMALLEST, min(LARGEST, self.limit // SEGMENTS_AT_LIMIT // SMALLEST * SMALLEST))

    def crowded(self) -> bool:
        """More than half of the limit waits for an acknowledgement."""
        return self.unsettled() > self.limit // 2

    def turn(self, end: int, words: int) -> Segment:
        """Seal the current segment at that word and go on in another with room for so many words.

        Raises:
            SpoolFull: when nothing can be shed for it; then nothing changes.
        """
        size = max(self._next_size, segment_size_for(words))
        self._make_room(size)
        number = self.current.number + 1
        spare, self._spare = self._spare, None
        if spare is None or spare.size < size:
            spare = self._create(number, size)
        self._next_size = min(self._next_size * 2, self._largest)
        # First the new one, then the end of the old one: a reader who finds an end finds what follows it.
        self._add(spare)
        self.current.end = end
        self.current = spare
        self.update_floor()
        return self.current

    def take_stock(self) -> None:
        """Finish a turn to a new segment that was interrupted: nothing stands in that yet."""
        self.current = self.segments[max(self.segments)]
        for segment in self.segments.values():
            if segment is self.current:
                segment.end = None
            elif segment.end is None:
                segment.end = segment.find_end()
        self.update_floor()

    def prepare(self) -> None:
        """Make the next segment before it is needed, so that no log call has to."""
        if self._spare is None and self.unsettled() + self._next_size <= self.limit:
            self._spare = self._create(self.current.number + 1, self._next_size)

    def reclaim(self, now: float) -> None:
        """Remove what was acknowledged long enough ago, and see how much is not."""
        for segment in list(self.segments.values()):
            if segment.settled_at is None and self._is_settled(segment):
                segment.settled_at = now
            if segment.settled_at is not None and now - segment.settled_at >= KEEP:
                self._remove(segment)
        self.update_floor()

    def unsettle(self, slot: Slot) -> None:
        """Count segments again that hold records of this slot behind its acknowledged seq."""
        for segment in self.segments.values():
            if segment.tops.get(slot.index, 0) > slot.acked:
                segment.settled_at = None

    def update_floor(self) -> None:
        """Set the floor by what waits in sealed segments."""
        waiting = self.unsettled() - self.current.used()
        self.floor = next(tag for part, tag in FLOORS if waiting >= part * self.limit)

    def remove_all(self) -> None:
        """Remove every file."""
        for segment in [*self.segments.values(), *([self._spare] if self._spare else [])]:
            segment.unlink()

    def mappings(self) -> list[mmap]:
        """The memory of all of them."""
        return [segment.map for segment in [*self.segments.values(), *([self._spare] if self._spare else [])]]

    def at_or_after(self, number: int) -> Segment:
        """The first segment with this or a higher number. Needs no lock, as `oldest`."""
        return next((found for other, found in sorted(self.segments.items()) if other >= number), self.current)

    def oldest(self) -> Segment:
        """The segment that was begun first."""
        return self.at_or_after(0)

    def _is_settled(self, segment: Segment) -> bool:
        slots = self._slots
        return segment.scanned and all(
            slots[index].acked >= top for index, top in segment.tops.items() if index in slots
        )

    def _make_room(self, size: int) -> None:
        while self.unsettled() + size > self.limit:
            if not self._shed_oldest():
                raise SpoolFull(f"the spool's {self.limit} bytes are full of audit records that Redis did not take")
        kept = [segment for segment in self.segments.values() if segment.settled_at is not None]
        total = sum(segment.used() for segment in self.segments.values())
        for segment in kept:
            if total + size <= self.limit:
                return
            total -= segment.used()
            self._remove(segment)

    def _shed_oldest(self) -> bool:
        """Shed the oldest segment with anything to shed; False when there is none."""
        before = None
        for segment in self.segments.values():
            if segment is self.current:
                return False
            if segment.settled_at is None and not segment.audit_only:
                self._replace(before, segment)
                return True
            before = segment if segment.settled_at is None else None
        return False

    def _replace(self, before: Segment | None, segment: Segment) -> None:
        """Put what remains of a segment in its place, together with the small remains before it."""
        joined = [segment]
        if before is not None and before.used() <= SMALLEST:
            joined.insert(0, before)
        remains = sift(joined, self._slots)
        try:
            smaller = self._write_remains(segment, remains)
        except OSError:
            # No room for a copy. What was said to be safe stays where it is, and so does what would be shed.
            segment.audit_only = True
            return
        self.segments[segment.number] = smaller
        if len(joined) == 2:
            self._remove(joined[0])

    def _write_remains(self, segment: Segment, remains: Remains) -> Segment:
        size = segment_size_for(remains.words)
        # Numbers begin at 1; as 0 the file waits to take the place of the one it replaces.
        smaller = Segment.create(self._folder if segment.path else None, 0, size, self._spool_id)
        at = HEADER_WORDS
        for entry in remains.kept:
            at = smaller.put(at, entry)
        smaller.end, smaller.audit_only = at, True
        smaller.tops, smaller.scanned = remains.tops, True
        smaller.take_place_of(segment)
        return smaller

    def _create(self, number: int, size: int) -> Segment:
        try:
            return Segment.create(self._folder, number, size, self._spool_id)
        except OSError as error:
            if not self._said_memory:
                self._said_memory = True
                write_line(
                    f"no room for the spool in {self._folder}: {error.strerror}; going on in memory, which dies with"
                    " the process"
                )
            return Segment.create(None, number, size, self._spool_id)

    def _add(self, segment: Segment) -> Segment:
        self.segments[segment.number] = segment
        return segment

    def _remove(self, segment: Segment) -> None:
        del self.segments[segment.number]
        segment.unlink()
