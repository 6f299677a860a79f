"""What a client asks for: which streams, from where on, and which of their records."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tailrace.wire import LevelError, parse_level
from tailrace_relay.cursor import Cursor
from tailrace_relay.errors import CursorError, ParameterError
from tailrace_relay.globs import compile_globs, is_glob
from tailrace_relay.query import EVERYTHING, Query

__all__ = [
    "MAX_TAIL",
    "NOW",
    "Selection",
    "Start",
    "check_pattern",
    "is_pattern",
    "parse_query",
    "parse_subscription",
    "parse_tail",
]

# Names and globs in one selection.
MAX_PATTERNS = 64

# Records that `tail` may ask for.
MAX_TAIL = 10_000

_PATTERN = re.compile(r"[A-Za-z0-9._:*?-]{1,128}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records: those of matching streams that a query matches. Equal selections share one group.

    Attributes:
        patterns: names and globs of streams.
        without: globs of streams that are left out although they match.
        within: names and globs of which a stream must match one, too; empty: any will do.
    """

    patterns: tuple[str, ...]
    query: Query = EVERYTHING
    within: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    @classmethod
    def parse(cls, streams: str, level: str = "", query: str = "") -> Selection:
        """Read `streams=`, `level=` and `query=`.

        Raises:
            ParameterError: naming the parameter, what is wrong with it and what would be right.
        """
        patterns = tuple(sorted({word.strip() for word in streams.split(",") if word.strip()}))
        if not patterns:
            raise ParameterError("streams", "no stream is named; right would be streams=api or streams=api,run:*")
        if len(patterns) > MAX_PATTERNS:
            raise ParameterError("streams", f"{len(patterns)} names and globs; {MAX_PATTERNS} is the limit")
        for pattern in patterns:
            check_pattern("streams", pattern)
        return cls(patterns, parse_query(query, level))

    @property
    def names(self) -> tuple[str, ...]:
        """The streams that are named outright."""
        return tuple(pattern for pattern in self.patterns if not is_glob(pattern))

    @property
    def single(self) -> bool:
        """Whether this can only ever be one stream."""
        return len(self.patterns) == 1 and not is_glob(self.patterns[0])

    def matcher(self) -> Callable[[str], bool]:
        """Tells whether a stream of this name is selected."""
        wanted = compile_globs(self.patterns)
        if not self.within and not self.without:
            return wanted
        allowed, left_out = compile_globs(self.within or ("*",)), compile_globs(self.without)
        return lambda name: wanted(name) and allowed(name) and not left_out(name)


@dataclass(frozen=True, slots=True)
class Start:
    """From where on: a cursor, else the last `tail` matching records, else now."""

    after: Cursor | None = None
    tail: int = 0

    @classmethod
    def parse(cls, selection: Selection, after: str, tail: str) -> Start:
        """Read `after=` and `tail=`.

        Raises:
            ParameterError: naming the parameter, what is wrong with it and what would be right.
        """
        if after:
            cursor = Cursor.parse(after)
            if cursor.single is not None and not selection.single and (cursor.single.id.n or cursor.single.epoch):
                raise CursorError(
                    "after",
                    f"{after!r} is a place in one stream; right for several would be 0-0, a time as <ms>-0, or "
                    "the cursor of such a subscription",
                )
            return cls(after=cursor)
        return cls(tail=parse_tail(tail)) if tail else cls()


NOW = Start()


def parse_subscription(parameters: Mapping[str, str]) -> tuple[Selection, Start]:
    """Read `streams`, `level`, `query`, `after` and `tail` of a request.

    Raises:
        ParameterError: naming the parameter, what is wrong with it and what would be right.
    """
    selection = Selection.parse(parameters.get("streams", ""), parameters.get("level", ""), parameters.get("query", ""))
    return selection, Start.parse(selection, parameters.get("after", ""), parameters.get("tail", ""))


def parse_tail(text: str, least: int = 0) -> int:
    """Read `tail=`.

    Raises:
        ParameterError: for anything but a number from `least` to `MAX_TAIL`.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and least <= int(text) <= MAX_TAIL):
        raise ParameterError("tail", f"not a tail: {text[:64]!r}; right would be {least} to {MAX_TAIL}")
    return int(text)


def is_pattern(text: str) -> bool:
    """Whether it is a stream name or a glob of such."""
    return _PATTERN.fullmatch(text) is not None


def check_pattern(parameter: str, pattern: str) -> str:
    """Give a stream name or glob back.

    Raises:
        ParameterError: when it is none.
    """
    if not is_pattern(pattern):
        raise ParameterError(
            parameter,
            f"not a stream name or glob: {pattern[:64]!r}; right would be 1 to 128 of the characters "
            "A-Z a-z 0-9 . _ : - and * ?",
        )
    return pattern


def parse_query(query: str, level: str) -> Query:
    """Read `query=` and `level=`: both must match.

    Raises:
        ParameterError: naming the parameter, what is wrong with it and what would be right.
    """
    try:
        return Query.parse(query, level=parse_level(level) if level else 0)
    except LevelError as error:
        raise ParameterError("level", str(error)) from error
