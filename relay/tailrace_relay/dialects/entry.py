"""Entries: what dialects show of a record. What is missing is an entry, too: no loss goes unsaid."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import msgspec

from tailrace.wire import ZERO, StreamID, level_name
from tailrace.wire.record import KIND, SOURCE
from tailrace_relay.reader import Gap
from tailrace_relay.render import RenderedPiece, Rest, time_text

__all__ = ["OWN", "Entry", "entries", "entry_of_gap", "own_entry"]

# The logger and module of what Tailrace itself has to say.
OWN = "tailrace"

_NOTHING = Rest()

_SAID = {
    "epoch": "records may be missing: Redis lost the numbering of stream {stream} (epoch)",
    "fork": "{count} records of stream {stream} were taken back by a failover, and come again if they can: fork",
}


class Entry(msgspec.Struct, gc=False):
    """One record, or a notice in place of some.

    Attributes:
        id: of the record; of a notice, that of the record before what is missing, behind `gap-`.
        n: the record's number in its stream; of a notice, that of what is behind it.
        micros: when it was logged, since 1970 UTC.
        rest: what few records have.
    """

    id: str
    n: int
    micros: int
    level: str
    logger: str
    message: str
    rest: Rest
    module: str | None = None
    function: str | None = None
    line: int | None = None
    source: str = SOURCE
    kind: str = KIND

    @property
    def time(self) -> str:
        """RFC 3339 with microseconds, UTC."""
        return time_text(self.micros)

    @property
    def millisecond(self) -> str:
        """RFC 3339 with milliseconds, UTC."""
        return f"{time_text(self.micros)[:-4]}Z"

    @property
    def text(self) -> str:
        """The message and, as `logging` prints it, the traceback on the lines behind it."""
        exception = self.rest.exception
        return f"{self.message}\n{exception}" if exception else self.message

    @property
    def fields(self) -> dict[str, Any]:
        """The caller's own fields."""
        return self.rest.fields or {}


def entries(piece: RenderedPiece, places: Sequence[int]) -> list[Entry]:
    """The records of a piece at these places."""
    ms, first_n = piece.piece.last.ms, piece.piece.first_n
    found = []
    for place in places:
        record, n = piece.records[place], first_n + place
        rest = record.rest or _NOTHING
        found.append(
            Entry(
                id=f"{ms}-{n}",
                n=n,
                micros=record.time,
                level=rest.level or level_name(record.level_number),
                logger=record.logger,
                message=record.message,
                module=record.module,
                function=record.function,
                line=record.line,
                source=SOURCE if rest.source is None else rest.source,
                kind=KIND if rest.kind is None else rest.kind,
                rest=rest,
            )
        )
    return found


def entry_of_gap(stream: str, gap: Gap) -> Entry | None:
    """A warning in place of what is missing; None when nothing is, as after a clear that took nothing unread."""
    if gap.count == 0:
        return None
    said = _SAID.get(gap.reason, "{count} records are missing: {reason}")
    text = said.format(count=gap.count, reason=gap.reason, stream=stream)
    return _own(f"gap-{gap.after}", gap.before or gap.after, "WARNING", text)


def own_entry(level: str, message: str, module: str = OWN) -> Entry:
    """Something that Tailrace itself has to say now."""
    return _own("", ZERO, level, message, module)


def _own(id: str, at: StreamID, level: str, message: str, module: str = OWN) -> Entry:
    micros = at.ms * 1000 or time.time_ns() // 1000
    return Entry(id, at.n, micros, level, OWN, message, _NOTHING, module=module, source="sdk")
