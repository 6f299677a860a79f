"""Numbered records: what producers write so that the checker recognises each one, and any change to it.

A message is `<label> <number> <digest> <text>`. The label names the producer, the number counts its records from 1, and
the digest covers all the rest.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

__all__ = ["Number", "level_of", "message_of", "numbered", "read_number"]

# Every how many records one of that level comes; the most severe that fits wins.
_LEVELS = ((500, logging.CRITICAL), (50, logging.ERROR), (10, logging.WARNING), (3, logging.DEBUG))

_TEXTS = (
    "order placed",
    "GET /api/orders?page=2 200 in 12 ms",
    "Zahlung über 12,50 € bestätigt: 支払い完了 ✅",
    "a text of\nseveral lines\n\n  the third of them empty",
    "quotes \" ' and \\ and a tab\tand <markup> & control \x1b[31mred\x1b[0m",
    "long: " + "tailrace " * 40,
    "",
    "line separators of Unicode:\u2028 and \u2029, a bell \x07 and an emoji \U0001f6f6",
)


class Number(NamedTuple):
    """A record's name: who wrote it, and as its how-manieth."""

    label: str
    number: int

    def __str__(self) -> str:
        return f"{self.label} {self.number}"


def numbered(label: str, number: int, text: str) -> str:
    """The message of one numbered record. The label has no space in it."""
    return f"{label} {number} {_digest(label, str(number), text)} {text}"


def message_of(label: str, number: int) -> str:
    """A numbered message with a text of some variety, the same each time."""
    return numbered(label, number, _TEXTS[number % len(_TEXTS)])


def level_of(number: int) -> int:
    """The level that producers give to their record of this number."""
    return next((level for every, level in _LEVELS if number % every == 0), logging.INFO)


# Every client of a run is given the same messages: as many are remembered as the longest runs have.
@lru_cache(maxsize=1 << 17)
def read_number(message: str) -> Number | None:
    """Whose record this is; None when it is no numbered message, or not the one that was written."""
    try:
        label, digits, digest, text = message.split(" ", 3)
        whole = digest == _digest(label, digits, text)
        return Number(label, int(digits)) if whole else None
    except ValueError:
        return None


def _digest(label: str, digits: str, text: str) -> str:
    return f"{crc32(f'{label} {digits} {text}'.encode()):08x}"
