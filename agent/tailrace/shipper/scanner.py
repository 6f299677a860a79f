"""The scanner: reads entries once, in the order they were written, and hands them to the lanes of their streams.

It takes no lock: an entry's first word is stored last, a sealed segment never changes, and a compacted one is a
new segment. It stops at a lane that is full and will soon be emptied. It passes by a full lane that Redis refuses;
that lane *lags* and is later read by itself.
"""

from __future__ import annotations

from tailrace.shipper.lane import MAX_BYTES, URGENT, Batch, Lane, Position
from tailrace.spool.segment import (
    HEADER_WORDS,
    HOLE,
    LENGTH_MASK,
    SLOT_MASK,
    SLOT_SHIFT,
    WORDS,
    Segment,
    unpack_hole,
    words_for,
)
from tailrace.spool.spool import Spool
from tailrace.wire.frame import MAX_RECORDS

__all__ = ["Scanner"]

TAG_MASK = 0xFFF
SEQ_SHIFT = 24
# One seq further, in a word whose tag has been shifted out.
STEP = 1 << SEQ_SHIFT - SLOT_SHIFT

_unpack = WORDS.unpack_from


class Scanner:
    """Reads this process's own spool.

    Attributes:
        lanes: by slot number.
        busy: the lanes that something was read into, or that lag; the backlog takes out those that are done.
    """

    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        self.lanes: dict[int, Lane] = {}
        self.busy: dict[int, Lane] = {}
        self._place = Position(spool.shelf.oldest())

    def read(self, now: float) -> None:
        """Read on until everything is read, or a lane is full that may be sent from."""
        for lane in list(self.busy.values()):
            if lane.lag is not None and not lane.full:
                self._catch_up(lane)
        self._read_on(now)

    def lane(self, index: int) -> Lane:
        """The lane of a slot; a new one when another stream took the slot."""
        slot, lane = self.spool.slots[index], self.lanes.get(index)
        if lane is None or lane.slot is not slot:
            lane = self.lanes[index] = Lane(slot)
        return lane

    def at_end(self) -> bool:
        """Nothing is left to read."""
        segment, at = self.spool.written()
        return self._place.segment is segment and self._place.byte == at << 3

    def _catch_up(self, lane: Lane) -> None:
        """Read on for one lane alone, until it is full or where the others are."""
        place = lane.lag
        assert place is not None
        current = self.spool.shelf.at_or_after(place.segment.number)
        if current is not place.segment:
            # Compacted or removed meanwhile: begin with what is there now. What was read is passed over by its seq.
            place = lane.lag = Position(current)
        while not lane.full:
            if self._reached(place):
                lane.lag = None
                return
            commit, word, _ = _unpack(place.segment.map, place.byte)
            if not commit:
                if not self._turn(place):
                    return
            elif word >> SLOT_SHIFT & SLOT_MASK == lane.slot.index:
                self._take(place, lane, commit, word)
            else:
                place.byte += _size(commit)

    def _reached(self, place: Position) -> bool:
        here = self._place
        if place.segment.number == here.segment.number:
            return place.segment is here.segment and place.byte >= here.byte
        return place.segment.number > here.segment.number

    def _read_on(self, now: float) -> None:
        place = self._place
        while True:
            commit, word, _ = _unpack(place.segment.map, place.byte)
            if not commit:
                if not self._turn(place):
                    return
                continue
            index = word >> SLOT_SHIFT & SLOT_MASK
            if index not in self.spool.slots:
                # The machine went down before the page with its slot was on the disk: nobody knows its stream.
                place.byte += _size(commit)
                continue
            lane = self.lane(index)
            if lane.full or lane.lag is not None:
                if lane.lag is None:
                    if lane.retry_at <= now:
                        return
                    lane.lag = Position(place.segment, place.byte)
                self.busy[index] = lane
                place.byte += _size(commit)
                _note_top(place.segment, index, word >> SEQ_SHIFT)
            else:
                self._take(place, lane, commit, word)

    def _turn(self, place: Position) -> bool:
        """At a word 0: go on in the next segment; False when nothing more is written."""
        end = place.segment.end
        if end is None:
            return False
        if place.byte >= end << 3:
            following = self.spool.shelf.at_or_after(place.segment.number + 1)
            if place is self._place:
                place.segment.scanned = True
            place.segment, place.byte = following, HEADER_WORDS << 3
        return True

    def _take(self, place: Position, lane: Lane, commit: int, word: int) -> None:
        """Take what stands here into a lane: a run of records, a hole, or nothing when it was read before."""
        slot, seq = lane.slot, word >> SEQ_SHIFT
        if seq <= slot.read:
            place.byte += _size(commit)
            top = seq
        else:
            self.busy[slot.index] = lane
            if word & HOLE:
                start = place.byte + WORDS.size
                lane.skip(seq, unpack_hole(place.segment.map[start : start + (commit & LENGTH_MASK)]))
                place.byte += _size(commit)
            else:
                self._run(place, lane, lane.batch_from(seq))
            top = slot.read
        _note_top(place.segment, slot.index, top)

    def _run(self, place: Position, lane: Lane, batch: Batch) -> None:
        """Take records while they follow one another and the batch has room. This loop is the shipper's hot path."""
        memory, at = place.segment.map, place.byte
        take, note = batch.payloads.append, batch.times.append
        size, highest, errors = batch.size, batch.tag, batch.errors
        following = (batch.last + 1) * STEP | lane.slot.index
        for _ in range(MAX_RECORDS - len(batch.payloads)):
            commit, word, time = _unpack(memory, at)
            if word >> SLOT_SHIFT != following or not commit or word & HOLE:
                break
            start = at + 24
            at = start + (commit & LENGTH_MASK)
            take(memory[start:at])
            note(time)
            size += at - start
            tag = word & TAG_MASK
            if tag > highest:
                highest = tag
            if tag >= URGENT:
                errors += 1
            following += STEP
            at = at + 7 & -8
            if size >= MAX_BYTES:
                break
        place.byte = at
        batch.size, batch.tag, batch.errors = size, highest, errors
        lane.slot.read = batch.last
        if batch.full:
            lane.close_batch()


def _note_top(segment: Segment, index: int, seq: int) -> None:
    segment.tops[index] = max(seq, segment.tops.get(index, 0))


def _size(commit: int) -> int:
    """Bytes that an entry takes."""
    return words_for(commit & LENGTH_MASK) << 3
