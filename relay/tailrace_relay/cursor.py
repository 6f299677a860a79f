"""Cursors: where a client stands, as the text that it keeps and hands back (docs/PROTOCOL.md, B2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tailrace.wire import StreamID, StreamIDError, StreamNameError, check_stream_name
from tailrace_relay.errors import CursorError
from tailrace_relay.position import Position

__all__ = ["ACTIVE", "Cursor", "format_cursor"]

# A cursor names the streams that were active in this time, in ms; it also bounds how far Redis' clock may jump
# back without a quiet stream's records being passed over.
ACTIVE = 3_600_000

# Characters, some 290 streams: with a token and a query it fits a request line of 32 KiB, as deploy/nginx takes.
LONGEST = 16_384

# How far back a cursor's as-of time lies, in ms: nearer where more streams were active than fit. The nearest is still
# farther than the clocks of two masters should be apart.
REACHES = (ACTIVE, ACTIVE // 10, ACTIVE // 60)

# An epoch and a generation; generations are numbered by the clock, in ms.
_NUMBERING = re.compile(r"[A-Za-z0-9]{1,32}~[0-9]{1,16}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A cursor, read: either of one stream, or an as-of time with a position for each stream active lately."""

    single: Position | None = None
    as_of: int = 0
    positions: Mapping[str, Position] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Read a cursor of either form.

        Raises:
            CursorError: for any other text.
        """
        if len(text) > LONGEST:
            raise CursorError(
                "after",
                f"the cursor has {len(text)} characters, {LONGEST} is the limit: follow fewer streams at a time, "
                "or each with a cursor of its own",
            )
        words = text.split("~")
        try:
            if "-" in words[0]:
                return cls(single=_position(words))
            if words[0].isascii() and words[0].isdigit() and len(words[0]) <= 16 and len(words) % 4 == 1:
                groups = [words[i : i + 4] for i in range(1, len(words), 4)]
                return cls(as_of=int(words[0]), positions={check_stream_name(g[0]): _position(g[1:]) for g in groups})
        except (StreamIDError, StreamNameError) as error:
            raise CursorError("after", f"not a cursor: {error}") from error
        raise CursorError(
            "after",
            f"not a cursor: {text[:64]!r}; right would be a stream ID such as 1763683200000-42, 0-0 for the first "
            "record, or a cursor that a gateway gave",
        )


def format_cursor(now: int, positions: Iterable[tuple[str, Position, bool]]) -> str:
    """The text of a cursor of several streams; too long to be parsed only where hundreds are active in the same minute.

    Args:
        now: Redis time in ms.
        positions: (stream, position, whether it is the stream's newest). Quiet streams that are read to their end
            are left out: the as-of time speaks for them.
    """
    places = [place for place in positions if place[1].epoch]
    texts = (_format(max(now - reach, 0), places) for reach in REACHES)
    text = next(texts)
    while len(text) > LONGEST and (nearer := next(texts, None)) is not None:
        text = nearer
    return text


def _format(as_of: int, places: list[tuple[str, Position, bool]]) -> str:
    words = [f"{stream}~{position}" for stream, position, newest in places if position.id.ms > as_of or not newest]
    return "~".join([str(as_of), *words])


def _position(words: list[str]) -> Position:
    if len(words) == 1:
        return Position(StreamID.parse(words[0]))
    if len(words) != 3 or _NUMBERING.fullmatch("~".join(words[1:])) is None:
        raise StreamIDError("~".join(words))
    return Position(StreamID.parse(words[0]), words[1], int(words[2]))
