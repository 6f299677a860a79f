"""Patterns as functions of a text. Whatever a user writes runs in linear time: globs and expressions are RE2's."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import re2

from tailrace_relay.query.errors import QueryError
from tailrace_relay.query.syntax import Glob, Pattern, Regex, Text, Wildcard

__all__ = ["TextTest", "check_pattern", "found_in", "is_whole"]

TextTest = Callable[[str], bool]

# Bytes that one compiled expression may take in memory; RE2 refuses what needs more.
REGEX_MEMORY = 256 << 10

# Instructions of one compiled expression, and characters of a text that it looks at. RE2 is linear in both: on texts
# made for it, `a[ab]{500}c` takes some 5 microseconds a byte. Agents write no longer texts; others may.
REGEX_PROGRAM = 512
SEEN = 1 << 16


def check_pattern(pattern: Regex | Glob, position: int, length: int) -> None:
    """See whether an expression or a glob can be compiled.

    Raises:
        QueryError: when RE2 does not know it, or it is too large.
    """
    try:
        found_in(pattern)
        is_whole(pattern)
    except re2.error as error:
        detail = error.args[0]
        text = detail.decode("utf-8", "replace") if isinstance(detail, bytes) else str(detail)
        what = "a regular expression of RE2" if isinstance(pattern, Regex) else "a glob that can be used"
        raise QueryError(f"not {what}: {text}", position, length) from None


def found_in(pattern: Pattern) -> TextTest:
    """Whether the pattern is found anywhere in a text."""
    if isinstance(pattern, Text):
        folded = pattern.text.lower()
        return lambda text: folded in text.lower()
    if isinstance(pattern, Regex):
        return _search(pattern.expression, pattern.ignore_case)
    return _glob(pattern, whole=False)


def is_whole(pattern: Pattern) -> TextTest:
    """Whether the pattern is the whole of a text; an expression must only be found in it."""
    if isinstance(pattern, Text):
        folded = pattern.text.lower()
        return lambda text: text.lower() == folded
    if isinstance(pattern, Regex):
        return _search(pattern.expression, pattern.ignore_case)
    return _glob(pattern, whole=True)


def _glob(glob: Glob, *, whole: bool) -> TextTest:
    match glob.parts:
        case (str() as begin, Wildcard.ANY) if whole:
            begin = begin.lower()
            return lambda text: text.lower().startswith(begin)
        case (Wildcard.ANY, str() as end) if whole:
            end = end.lower()
            return lambda text: text.lower().endswith(end)
    expression = "".join(
        _wildcard(part) if isinstance(part, Wildcard) else re2.escape(part.lower()) for part in glob.parts
    )
    search = _search(f"(?s)^(?:{expression})$" if whole else f"(?s){expression}", False)
    return lambda text: search(text.lower())


def _wildcard(part: Wildcard) -> str:
    return ".*" if part is Wildcard.ANY else "."


@lru_cache(256)
def _search(expression: str, ignore_case: bool) -> TextTest:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = REGEX_MEMORY
    options.never_capture = True
    options.case_sensitive = not ignore_case
    compiled = re2.compile(expression, options=options)
    size = compiled.programsize
    if size > REGEX_PROGRAM:
        raise re2.error(f"it takes {size} instructions, {REGEX_PROGRAM} is the limit; right would be to repeat less")
    search = compiled.search
    # Of bytes, a match is found in half the time: no places need to be counted in characters.
    return lambda text: search(text[:SEEN].encode()) is not None
