"""Compaction: what is left of a segment when everything but audit records is shed from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tailrace.spool.segment import AUDIT, HOLE, Counts, Entry, Segment, entries, pack_hole, unpack_hole
from tailrace.spool.slot import Slot
from tailrace.wire.levels import level_class

__all__ = ["Remains", "fit_hole", "sift"]


@dataclass
class Remains:
    """The entries that stay, and the highest seq of each slot that was seen."""

    kept: list[Entry] = field(default_factory=list)
    tops: dict[int, int] = field(default_factory=dict)

    @property
    def words(self) -> int:
        return sum(entry.size for entry in self.kept)


@dataclass
class _Run:
    """Records of one slot that are shed one after another."""

    counts: list[int] = field(default_factory=lambda: [0] * 5)
    last: int = 0
    time: int = 0


def fit_hole(counts: Counts, size: int) -> Counts:
    """The counts of a hole of that size: exact where they already agree.

    Where they do not, because a part is acknowledged or nobody counted, what is too many goes from the
    lowest classes and what is missing is counted as the lowest.
    """
    fitted = list(counts)
    excess = sum(counts) - size
    for kind in range(5):
        taken = min(max(excess, 0), fitted[kind])
        fitted[kind] -= taken
        excess -= taken
    fitted[0] -= min(excess, 0)
    a, b, c, d, e = fitted
    return (a, b, c, d, e)


def sift(segments: Iterable[Segment], slots: Mapping[int, Slot]) -> Remains:
    """Separate what stays, audit records and holes, from what is shed; acknowledged entries just go.

    The order within each stream is kept, and each run of shed records becomes one hole marker. Runs end where
    the shipper stands, so that a marker is never half of what was shipped and half of what was not.
    """
    remains = Remains()
    runs: dict[int, _Run] = {}
    for segment in segments:
        for entry in entries(_used(segment), check=False):
            remains.tops[entry.slot] = max(entry.seq, remains.tops.get(entry.slot, 0))
            if entry.seq > slots[entry.slot].acked:
                _sift_entry(entry, slots[entry.slot], runs, remains)
    for index in list(runs):
        _end_run(index, runs, remains)
    return remains


def _used(segment: Segment) -> memoryview:
    end = segment.end
    return memoryview(segment.map)[: None if end is None else end << 3]


def _sift_entry(entry: Entry, slot: Slot, runs: dict[int, _Run], remains: Remains) -> None:
    if entry.flags & AUDIT:
        _end_run(entry.slot, runs, remains)
        remains.kept.append(entry)
        return
    run = runs.setdefault(entry.slot, _Run())
    if entry.flags & HOLE:
        for kind, number in enumerate(unpack_hole(entry.payload)):
            run.counts[kind] += number
    else:
        run.counts[level_class(entry.level)] += 1
    run.last, run.time = entry.seq, entry.time
    if entry.seq == slot.read:
        _end_run(entry.slot, runs, remains)


def _end_run(index: int, runs: dict[int, _Run], remains: Remains) -> None:
    run = runs.pop(index, None)
    if run is not None:
        a, b, c, d, e = run.counts
        remains.kept.append(Entry(index, run.last, 0, HOLE, run.time, pack_hole((a, b, c, d, e))))
