"""Counts over time, in buckets as wide as they must be: nobody knows the span before all was seen."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tailrace_relay.render import time_text

__all__ = ["WIDTHS", "Histogram"]

MS = 1_000
SECOND = 1_000 * MS
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

# Each is a multiple of the one before it, so that buckets can be put together.
WIDTHS = (
    *(1 * MS, 10 * MS, 100 * MS),
    *(1 * SECOND, 5 * SECOND, 10 * SECOND, 30 * SECOND),
    *(1 * MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE),
    *(1 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR),
    *(1 * DAY, 7 * DAY, 28 * DAY, 364 * DAY, 3640 * DAY, 36_400 * DAY),
)


class Histogram:
    """Counts by time and level.

    Args:
        most: buckets from the first to the last time, empty ones included; when there would be more, they get wider.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._step = 0
        self._counts: dict[int, Counter[str]] = {}
        self._low = self._high = 0

    def add(self, time: int, level: str) -> None:
        """Count a record of a time in microseconds since 1970 UTC."""
        number = time // WIDTHS[self._step]
        bucket = self._counts.get(number)
        if bucket is None:
            number = self._open(time, number)
            bucket = self._counts.setdefault(number, Counter())
        bucket[level] += 1

    def content(self) -> dict[str, Any]:
        """The width in seconds, and the buckets that are not empty, in the order of time."""
        width = WIDTHS[self._step]
        buckets = [
            {"time": time_text(number * width), "total": counts.total(), "by_level": dict(counts)}
            for number, counts in sorted(self._counts.items())
        ]
        return {"seconds": width / SECOND, "buckets": buckets}

    def _open(self, time: int, number: int) -> int:
        if not self._counts:
            self._low = self._high = number
        self._low, self._high = min(self._low, number), max(self._high, number)
        while self._high - self._low >= self._most and self._step < len(WIDTHS) - 1:
            self._widen()
            number = time // WIDTHS[self._step]
            self._low, self._high = min(self._low, number), max(self._high, number)
        return number

    def _widen(self) -> None:
        factor = WIDTHS[self._step + 1] // WIDTHS[self._step]
        self._step += 1
        merged: dict[int, Counter[str]] = {}
        for number, counts in self._counts.items():
            merged.setdefault(number // factor, Counter()).update(counts)
        self._counts = merged
        self._low, self._high = self._low // factor, self._high // factor
