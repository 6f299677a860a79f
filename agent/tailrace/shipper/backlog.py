"""The backlog: what is to be sent next, and what an answer means. No I/O, no clock, no thread.

frames(now) -> Redis -> on_answer | on_refused, for each   or   on_lost, for all
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tailrace.shipper.lane import Flight, Lane
from tailrace.shipper.scanner import Scanner
from tailrace.spool.compaction import fit_hole
from tailrace.spool.segment import Counts
from tailrace.spool.slot import Slot, check_of
from tailrace.spool.spool import Spool
from tailrace.wire.append import Answer, Status
from tailrace.wire.frame import NOTHING_SHED
from tailrace.wire.levels import by_class
from tailrace.wire.record import Record, pack_record

__all__ = ["Backlog", "Backoff"]

# Seconds.
FIRST_DELAY, LONGEST_DELAY = 0.05, 5.0
ANNOUNCE_EVERY = 5.0
# How long Redis must have taken frames, and nothing have followed a hole, before a record is made to declare it.
HOLE_PATIENCE = 1.0

# Frames of one round trip: bounds the bytes that are on their way at once.
FRAMES_AT_ONCE = 16


class Backoff:
    """Waiting times with full jitter: 50 ms, doubled with every failure up to 5 s, for ever."""

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self._chance = chance

    def delay(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row."""
        return self._chance() * min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(failures - 1, 16))


@dataclass(slots=True)
class Counters:
    """What became of the records, since the process began; those declared lost by level class.

    Attributes:
        errors: records of ERROR or above that Redis has taken.
        last: stream and ID of the newest record that Redis has taken.
    """

    frames: int = 0
    records: int = 0
    errors: int = 0
    last: tuple[str, str] | None = None
    declared: tuple[int, ...] = NOTHING_SHED
    failures: int = 0


class Backlog:
    """Everything in a spool that Redis does not have yet. One thread at a time.

    Attributes:
        retry_at: when Redis may be asked again; the past while it answers.
        healthy: the last attempt was answered; None before the first.
        counters: for whoever wants to know.
    """

    def __init__(self, spool: Spool, facts: bytes, backoff: Backoff | None = None) -> None:
        self._spool = spool
        self._facts = facts
        self._backoff = backoff or Backoff()
        self._scanner = Scanner(spool)
        self._failures = 0
        self.retry_at = 0.0
        self.healthy: bool | None = None
        self.counters = Counters()

    # What to do next.

    def read(self, now: float) -> bool:
        """Read what was written; True when something should be sent without waiting for more."""
        self._scanner.read(now)
        return any(lane.urgent for lane in self._ready(now))

    def frames(self, now: float) -> list[Flight]:
        """The frames to send: one for each stream that has records and none in flight."""
        flights: list[Flight] = []
        for lane in self._ready(now):
            flight = lane.take_flight(self._facts)
            if flight is not None:
                flights.append(flight)
                # To the end of the line, so that every stream gets its turn.
                self._scanner.busy[flight.slot.index] = self._scanner.busy.pop(flight.slot.index)
            if len(flights) == FRAMES_AT_ONCE:
                break
        return flights

    def due(self, now: float) -> float | None:
        """When to look again though nothing is written; None when only a new record can matter."""
        times = [lane.retry_at for lane in self._busy() if lane.loaded and lane.retry_at > now]
        times += [lane.hole_seen[0] + HOLE_PATIENCE for lane in self._busy() if lane.hole_seen]
        return min(times, default=None)

    def announcements(self, flights: list[Flight], now: float) -> list[str]:
        """The streams to note in the set of streams together with these frames."""
        names = []
        for flight in flights:
            lane = self._scanner.lane(flight.slot.index)
            if lane.announced_at is None or now - lane.announced_at >= ANNOUNCE_EVERY:
                lane.announced_at = now
                names.append(flight.slot.name)
        return names

    def finished(self) -> list[tuple[str, bytes]]:
        """Stream and producer of all that is wholly acknowledged: for good when the process ends."""
        return [(slot.name, slot.producer) for slot in self._spool.slots.values() if slot.acked == slot.last_seq > 0]

    # What became of it.

    def on_answer(self, flight: Flight, answer: Answer, now: float, forked_at: int | None = None) -> None:
        """Redis answered for this frame.

        Args:
            forked_at: the lowest `n` at which a generation younger than our last answer's began, where
                `wants_forks` asked for it.
        """
        self.on_contact()
        lane = self._scanner.lane(flight.slot.index)
        if lane.flight is not flight:
            return
        if answer.status is Status.BEHIND:
            self._on_behind(lane, flight, answer, forked_at)
        else:
            self._on_accepted(lane, flight, answer)
        if answer.status is Status.OK:
            lane.failures = 0
            self.counters.frames += 1
            self.counters.records += flight.count
            self.counters.declared = tuple(map(sum, zip(self.counters.declared, flight.shed, strict=True)))
        else:
            self._hold_back_if_repeated(lane, now)

    def wants_forks(self, flight: Flight, answer: Answer) -> bool:
        """Whether this answer can only be judged with the list of the stream's generations."""
        return answer.status is Status.BEHIND and answer.mark is None and answer.generation != flight.slot.generation

    def at_end(self) -> bool:
        """Everything written has been read."""
        return self._scanner.at_end()

    def on_refused(self, flight: Flight, now: float) -> None:
        """Redis answered, but will not take this stream: it waits by itself and keeps nobody else waiting."""
        self.on_contact()
        self.counters.failures += 1
        lane = self._scanner.lane(flight.slot.index)
        lane.failures += 1
        lane.retry_at = now + self._backoff.delay(lane.failures)

    def on_lost(self, now: float) -> None:
        """Redis did not answer, or takes nothing at all: the frames in flight are sent again later."""
        self.healthy = False
        self.counters.failures += 1
        self._failures += 1
        self.retry_at = now + self._backoff.delay(self._failures)

    def declare_holes(self, now: float, patience: float = HOLE_PATIENCE) -> None:
        """Write a closing record behind holes that nothing has followed for a while."""
        for slot in list(self._spool.slots.values()):
            if slot.hole_from:
                self._scanner.busy.setdefault(slot.index, self._scanner.lane(slot.index))
        for lane in self._busy():
            if not lane.trailing or not self._scanner.at_end():
                lane.hole_seen = None
                continue
            last = lane.slot.last_seq
            if lane.hole_seen is None or lane.hole_seen[1] != last:
                lane.hole_seen = (now, last)
            if now - lane.hole_seen[0] >= patience and self.healthy:
                lane.hole_seen = None
                self._close_hole(lane, last)

    # Under the hood.

    def _busy(self) -> list[Lane]:
        """The lanes with anything to send or to declare; those without are let go of."""
        busy = self._scanner.busy
        for index, lane in list(busy.items()):
            if not lane.loaded and lane.lag is None and not lane.trailing:
                del busy[index]
        return list(busy.values())

    def _ready(self, now: float) -> Iterator[Lane]:
        return (lane for lane in self._busy() if lane.loaded and lane.retry_at <= now)

    def on_contact(self) -> None:
        """Redis answers."""
        self.healthy = True
        self._failures = 0

    def _on_accepted(self, lane: Lane, flight: Flight, answer: Answer) -> None:
        """The mark is in our frame or beyond it: everything up to it is in Redis."""
        slot = lane.slot
        mark = flight.last if answer.mark is None else answer.mark + slot.base
        _remember(slot, min(mark, slot.last_seq), answer)
        lane.flight = None
        if mark >= flight.last:
            self.counters.errors += flight.errors
        if answer.id is not None:
            self.counters.last = slot.name, str(answer.id)
        if mark > slot.last_seq:
            # Another has gone on numbering in our name: what it sent is not ours to skip.
            self._spool.rename_producer(slot)
        if mark != flight.last:
            lane.rewind(slot.acked, self._spool.shelf.oldest())

    def _on_behind(self, lane: Lane, flight: Flight, answer: Answer, forked_at: int | None) -> None:
        """Redis misses records before our frame: go back to its mark, or begin to number anew."""
        slot = lane.slot
        if answer.mark is not None:
            _remember(slot, answer.mark + slot.base, answer)
        elif _only_the_mark_is_gone(slot, answer, forked_at):
            self._spool.rename_producer(slot)
        else:
            _remember(slot, slot.base, answer)
        self._spool.keep_from(slot)
        lane.rewind(slot.acked, self._spool.shelf.oldest())

    def _hold_back_if_repeated(self, lane: Lane, now: float) -> None:
        """One correction is normal, and comes at once; a stream that needs them again and again waits in between."""
        lane.failures += 1
        if lane.failures > 2:
            lane.retry_at = now + self._backoff.delay(lane.failures)

    def _close_hole(self, lane: Lane, last: int) -> None:
        missing = last - lane.slot.read + sum(lane.shed)

        def make_record(open_hole: Counts) -> tuple[int, bytes]:
            a, b = lane.shed, fit_hole(open_hole, last - lane.slot.read)
            counts = by_class([x + y for x, y in zip(a, b, strict=True)])
            return closing_record(missing, counts if sum(open_hole) or a != NOTHING_SHED else {})

        self._spool.close_hole(lane.slot, last, make_record)


def closing_record(number: int, counts: dict[str, int]) -> tuple[int, bytes]:
    """Time and packed form of the record that declares a hole which nothing follows."""
    if counts:
        what = "were shed: " + ", ".join(f"{count} {name}" for name, count in counts.items())
    else:
        what = "were lost by Redis and are no longer kept here"
    now = time.time_ns() // 1000
    message = f"{number} record{'s' if number != 1 else ''} {what}"
    record = Record(time=now, level_number=30, logger="tailrace", message=message, source="sdk", kind="notice")
    return now, pack_record(record)


def _only_the_mark_is_gone(slot: Slot, answer: Answer, forked_at: int | None) -> bool:
    """What was acknowledged is not sent again: it is still there, or was delivered before its numbering ended."""
    if check_of(answer.epoch) != slot.epoch_check:
        return True
    return answer.last.n >= slot.n and (forked_at is None or forked_at >= slot.n)


def _remember(slot: Slot, acked: int, answer: Answer) -> None:
    n = answer.id.n if answer.id is not None else answer.last.n
    slot.acknowledge(acked, n, answer.epoch, answer.generation)
