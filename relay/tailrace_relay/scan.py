"""Reading through a stretch of one stream, in small steps that let live clients be served in between."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from typing import NamedTuple

from tailrace.wire import FrameError
from tailrace_relay.group import unreadable
from tailrace_relay.history import FIRST_PAGE, History, next_count
from tailrace_relay.position import Position
from tailrace_relay.query import Query
from tailrace_relay.reader import Gap, Piece, Reader
from tailrace_relay.render import RenderedPiece

__all__ = ["Found", "match", "scan"]

MS = 0.001

# A scan works for so long before it lets others have their turn.
TURN = 5 * MS


class Found(NamedTuple):
    """Records of one frame that match.

    Attributes:
        piece: the frame's records.
        places: which of them match, counted from 0.
    """

    piece: RenderedPiece
    places: Sequence[int]


async def scan(
    history: History, stream: str, query: Query, start: Position, end: int
) -> AsyncGenerator[Found | Gap | Position, None]:
    """All that matches after a position and up to the number `end`, in stream order, with the gaps in it.

    A position comes behind each page: so far it has been looked.

    Raises:
        Unavailable: when Redis does not answer.
    """
    reader, count, turn = Reader(start), FIRST_PAGE, time.monotonic()
    while not reader.level and reader.position.id.n < end:
        page = await history.page(stream, reader.scan, count)
        count = next_count(page, count)
        for item in reader.take(page):
            if isinstance(item, Gap):
                if item.after.n < end:
                    yield item
                continue
            if item.first_n > end:
                return
            found = _look(stream, query, item, end)
            if found is not None:
                yield found
            if time.monotonic() - turn > TURN:
                await asyncio.sleep(0)
                turn = time.monotonic()
        yield reader.position


def match(stream: str, query: Query, piece: Piece) -> Found | None:
    """The records of one frame that match; None where none does, which its header may tell already.

    Raises:
        FrameError: when the body is not what its header promised.
    """
    outlook = query.outlook(stream, piece.frame)
    if not outlook.match:
        return None
    rendered = RenderedPiece(stream, piece)
    places = rendered.places(query.predicate if outlook.fail else None)
    return Found(rendered, places) if places else None


def _look(stream: str, query: Query, piece: Piece, end: int) -> Found | Gap | None:
    try:
        found = match(stream, query, piece)
    except FrameError:
        return unreadable(piece)
    if found is None or piece.last.n <= end:
        return found
    within = [place for place in found.places if piece.first_n + place <= end]
    return Found(found.piece, within) if within else None
