"""Totals of the records that match: by level, logger, source, kind and service, and over time. Exact."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tailrace.wire import StreamID, level_name
from tailrace.wire.record import KIND, SOURCE
from tailrace_relay.histogram import Histogram
from tailrace_relay.reader import Gap
from tailrace_relay.render import RenderedPiece, WireRecord, time_text
from tailrace_relay.scan import Found

__all__ = ["MOST_NAMES", "Summary"]

# Loggers, and services, that are told apart; records of others are counted together.
MOST_NAMES = 1000


class Summary:
    """Counts what a scan finds.

    Args:
        buckets: of the histogram, at most.
    """

    def __init__(self, buckets: int) -> None:
        self.total = 0
        self.missing = 0
        self._by: dict[str, Counter[str]] = {
            name: Counter() for name in ("level", "logger", "source", "kind", "service")
        }
        self._histogram = Histogram(buckets)
        self._first: dict[str, str] | None = None
        self._last: dict[str, str] | None = None

    def add(self, found: Found) -> None:
        """Count the records of one frame."""
        piece, places = found
        self.total += len(places)
        records = [piece.records[place] for place in places]
        levels = [_level(record) for record in records]
        self._count("level", Counter(levels))
        self._count("logger", Counter(record.logger for record in records))
        self._count("source", Counter(_rest(record, "source") or SOURCE for record in records))
        self._count("kind", Counter(_rest(record, "kind") or KIND for record in records))
        self._count("service", Counter({piece.service: len(records)}))
        for record, level in zip(records, levels, strict=True):
            self._histogram.add(record.time, level)
        self._first = self._first or _place(piece, places[0])
        self._last = _place(piece, places[-1])

    def add_gap(self, gap: Gap) -> None:
        """Count what is missing: nobody knows whether it would have matched."""
        self.missing += gap.count or 0

    def content(self) -> dict[str, Any]:
        """As it is answered."""
        totals = {f"by_{name}": dict(counter.most_common()) for name, counter in self._by.items()}
        ends = {"first": self._first, "last": self._last}
        return {"total": self.total, **ends, **totals, "histogram": self._histogram.content(), "missing": self.missing}

    def _count(self, name: str, counted: Counter[str]) -> None:
        counter = self._by[name]
        for value, count in counted.items():
            counter[value if value in counter or len(counter) < MOST_NAMES else ""] += count


def _level(record: WireRecord) -> str:
    return _rest(record, "level") or level_name(record.level_number)


def _rest(record: WireRecord, name: str) -> str | None:
    value: str | None = None if record.rest is None else getattr(record.rest, name)
    return value


def _place(piece: RenderedPiece, place: int) -> dict[str, str]:
    id = StreamID(piece.piece.last.ms, piece.piece.first_n + place)
    return {"id": str(id), "time": time_text(piece.records[place].time)}
