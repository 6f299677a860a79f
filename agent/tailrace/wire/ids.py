"""Stream IDs: `<ms>-<n>`, the place of one record in its stream."""

from __future__ import annotations

import re
from typing import NamedTuple

from tailrace.errors import StreamIDError

__all__ = ["ZERO", "StreamID"]

# 2^53 - 1: the largest integer that Lua's and JavaScript's numbers hold exactly.
LARGEST = (1 << 53) - 1

_PATTERN = re.compile(r"(0|[1-9][0-9]{0,15})-(0|[1-9][0-9]{0,15})", re.ASCII)


class StreamID(NamedTuple):
    """The place of a record: compares in stream order.

    `ms` is Redis time in milliseconds at append and never goes back; `n` is the record's number in its
    stream, counted from 1 without holes, so two records are neighbours exactly when their `n` differ by one.
    """

    ms: int
    n: int

    @classmethod
    def parse(cls, text: str) -> StreamID:
        """Read `<ms>-<n>`.

        Raises:
            StreamIDError: for any other text, also for numbers beyond 2^53 - 1.
        """
        match = _PATTERN.fullmatch(text)
        if match is None:
            raise StreamIDError(text)
        ms, n = int(match[1]), int(match[2])
        if ms > LARGEST or n > LARGEST:
            raise StreamIDError(text)
        return cls(ms, n)

    def __str__(self) -> str:
        return f"{self.ms}-{self.n}"


ZERO = StreamID(0, 0)
