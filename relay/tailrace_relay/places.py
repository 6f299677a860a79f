"""Where a reader begins: at a cursor, at a time, or before the last records that match."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable

from tailrace.wire import FrameError, StreamID
from tailrace_relay.errors import CursorError
from tailrace_relay.history import FIRST_PAGE, History, next_count
from tailrace_relay.position import START, Position, StreamMeta
from tailrace_relay.query import Query
from tailrace_relay.reader import Entry, Piece
from tailrace_relay.render import RenderedPiece
from tailrace_relay.selection import Start

__all__ = ["Metas", "last_matching", "positions_of", "resolve"]

# Records that are looked through in one stream for the last matching ones, before fewer are good enough.
SCAN = 200_000

Metas = dict[str, StreamMeta | None]


async def positions_of(history: History, start: Start, query: Query, metas: Metas) -> dict[str, Position]:
    """Where a subscription with a cursor or a tail begins in each stream.

    Raises:
        Unavailable: when Redis does not answer.
    """
    if start.after is None:
        return await _tail(history, start.tail, query, metas)
    positions: dict[str, Position] = {}
    for stream, meta in metas.items():
        position = start.after.single or start.after.positions.get(stream)
        if position is None:
            positions[stream] = await history.at_time(stream, start.after.as_of + 1)
        else:
            positions[stream] = await resolve(history, stream, position, meta)
    return positions


async def resolve(history: History, stream: str, position: Position, meta: StreamMeta | None) -> Position:
    """A cursor's position, with the numbering in force where it names none; `<ms>-0` is a time."""
    if position.epoch or meta is None:
        return position
    if position.id.ms and not position.id.n:
        return await history.at_time(stream, position.id.ms)
    return Position(position.id, meta.epoch, meta.generation)


async def last_matching(
    history: History,
    stream: str,
    count: int,
    query: Query,
    before: StreamID | None = None,
    floor: int = 0,
    scan: int | None = None,
    size: int | None = None,
) -> tuple[list[StreamID], StreamID | None]:
    """The IDs of the last `count` records that match, newest first; fewer when `SCAN` holds no more.

    With them the place before all that was looked at; None when that is the stream's start.

    Args:
        before: those before this ID.
        floor: those behind this number.
        scan: so many records are looked through, in place of `SCAN`.
        size: it ends when those found have about so many bytes.
    """
    found: list[StreamID] = []
    room = math.inf if size is None else size
    scanned, asked = 0, FIRST_PAGE
    edge, lowest = before, None
    most = SCAN if scan is None else scan
    if before is not None:
        # A frame that holds earlier records too may end at or behind `before`.
        _, across = await history.first_frame(stream, StreamID(before.ms, max(before.n - 1, 0)))
        if across is not None and across.id.n < before.n:
            raise CursorError("before", f"{before} is no ID of stream {stream!r}: at that time it was at {across.id}")
        if across is not None:
            found += [id for id in _matching(across, stream, query) if floor < id.n < before.n]
    while len(found) < count and scanned < most and (edge is None or edge.n > floor):
        page = await history.page_before(stream, edge, asked)
        for entry in page.entries:
            frame = entry.frame
            scanned += frame.count if frame is not None else 1
            if frame is None:
                continue
            ids = [id for id in _matching(entry, stream, query) if floor < id.n and (before is None or id.n < before.n)]
            found += ids
            lowest = StreamID(entry.id.ms, entry.id.n - frame.count - frame.shed)
            room -= len(ids) * frame.body_size / frame.count
            if room < 0:
                return found[:count], lowest
        if not page.more:
            return found[:count], None
        edge, asked = page.scan, next_count(page, asked)
    return found[:count], lowest


async def _tail(history: History, tail: int, query: Query, metas: Metas) -> dict[str, Position]:
    """Before the last `tail` matching records of all streams together, by the time they were appended."""
    newest: list[tuple[StreamID, str]] = []
    for stream in metas:
        found, _ = await last_matching(history, stream, tail, query)
        newest = heapq.nlargest(tail, [*newest, *((id, stream) for id in found)])
    positions = {stream: meta.newest if meta else START for stream, meta in metas.items()}
    for id, stream in newest:  # newest first, so the earliest of each stream has the last word
        positions[stream] = just_before(id, positions[stream])
    return positions


def just_before(id: StreamID, numbering: Position) -> Position:
    """The place before a record."""
    return numbering._replace(id=StreamID(id.ms if id.n > 1 else 0, id.n - 1))


def _matching(entry: Entry, stream: str, query: Query) -> Iterable[StreamID]:
    """The IDs of an entry's matching records, newest first."""
    frame, last = entry.frame, entry.id
    if frame is None:
        return []
    outlook = query.outlook(stream, frame)
    if not outlook.match:
        return []
    first = last.n - frame.count + 1
    if not outlook.fail:
        return [StreamID(last.ms, n) for n in range(last.n, first - 1, -1)]
    try:
        places = RenderedPiece(stream, Piece(frame, last, 0, Position(last))).places(query.predicate)
    except FrameError:
        return []  # who reads onward from here is told with a gap
    return [StreamID(last.ms, first + place) for place in reversed(places)]
