"""Levels: the numbers of `logging`, their names, and the five classes that losses are counted by."""

from __future__ import annotations

from collections.abc import Sequence

from tailrace.errors import LevelError

__all__ = ["CLASSES", "NAMES", "UNBOUNDED", "by_class", "level_class", "level_name", "parse_level"]

NAMES = {10: "DEBUG", 20: "INFO", 30: "WARNING", 40: "ERROR", 50: "CRITICAL"}

# A shed record is counted in one of these: below INFO, INFO, WARNING, ERROR, from CRITICAL up.
CLASSES = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

# A frame's header holds its highest level in one byte; this value means "this or anything above".
UNBOUNDED = 255

_NUMBERS = {name: number for number, name in NAMES.items()} | {"WARN": 30, "FATAL": 50, "NOTSET": 0}


def level_name(number: int) -> str:
    """The standard name of a level, or `Level <number>` as `logging` has it."""
    return NAMES.get(number) or f"Level {number}"


def parse_level(text: str) -> int:
    """The number of a level given by name (any case; `WARN` and `FATAL` too) or by number.

    Raises:
        LevelError: for any other text.
    """
    number = _NUMBERS.get(text.strip().upper())
    if number is not None:
        return number
    if text.strip().isascii() and text.strip().isdigit() and len(text) <= 9:
        return int(text)
    raise LevelError(text)


def level_class(number: int) -> int:
    """The index in `CLASSES` that a level is counted under."""
    return min(max(number // 10 - 1, 0), 4)


def by_class(counts: Sequence[int]) -> dict[str, int]:
    """Counts by level class as names and numbers, without the zeros."""
    return {name: count for name, count in zip(CLASSES, counts, strict=True) if count}
