"""Times as the engine writes them in front of each message: RFC 3339 with up to nine digits of a second."""

from __future__ import annotations

import re
from datetime import datetime

__all__ = ["LONGEST", "SECOND", "Stamps"]

# Nanoseconds.
SECOND = 1_000_000_000

# Bytes of the longest one and the space behind it: `2026-01-31T23:59:59.123456789+01:00 `.
LONGEST = 36

_STAMP = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:)(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) ")


class Stamps:
    """Reads them. Most lines have the minute of the one before, which is remembered."""

    def __init__(self) -> None:
        self._minute = (b"", b"")
        self._begin = 0

    def read(self, data: bytes) -> tuple[int, int] | None:
        """The time that the data begin with, in ns since 1970, and how many bytes it takes with the space behind it."""
        found = _STAMP.match(data)
        if found is None:
            return None
        minute, seconds, fraction, zone = found.groups()
        if self._minute != (minute, zone):
            begin = _begin_of(minute, zone)
            if begin is None:
                return None
            self._minute, self._begin = (minute, zone), begin
        return (self._begin + int(seconds)) * SECOND + int((fraction or b"").ljust(9, b"0")), found.end()


def _begin_of(minute: bytes, zone: bytes) -> int | None:
    try:
        return int(datetime.fromisoformat((minute + b"00" + zone).decode()).timestamp())
    except (ValueError, OverflowError):  # the 13th month
        return None
