"""Globs of stream names: `*` is any characters, `?` is one."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable
from functools import lru_cache

__all__ = ["compile_globs", "covers", "is_glob"]

# Longer than any name: what stands for the longest that a `*` can mean, so that no row of `?` covers it.
LONG = "\0" * 256


def is_glob(pattern: str) -> bool:
    """Whether it stands for more than the stream of this name."""
    return "*" in pattern or "?" in pattern


@lru_cache(1024)
def compile_globs(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    """Tells whether a name matches one of them, whole."""
    fullmatch = re.compile("|".join(fnmatch.translate(pattern) for pattern in patterns)).fullmatch
    return lambda name: bool(patterns) and fullmatch(name) is not None


def covers(wide: str, narrow: str) -> bool:
    """Whether all names that `narrow` stands for match `wide`."""
    matches = compile_globs((wide,))
    narrow = narrow.replace("?", "\0")
    return matches(narrow.replace("*", "")) and matches(narrow.replace("*", LONG))
