"""One page of a stream's history, with the gaps in it and the cursors to both sides."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any

import msgspec

from tailrace.wire import ZERO, FrameError, StreamID
from tailrace_relay.group import unreadable
from tailrace_relay.history import FIRST_PAGE, History, next_count
from tailrace_relay.messages import gap_json
from tailrace_relay.places import just_before, last_matching, resolve
from tailrace_relay.position import START, Position, StreamMeta
from tailrace_relay.query import EVERYTHING, Query
from tailrace_relay.reader import Gap, Item, Piece, Reader
from tailrace_relay.scan import match

__all__ = ["MOST_BYTES", "HistoryPage", "read_back", "read_onward"]

# Records looked through for one page; then it is given with what was found, and a cursor to go on with.
SCAN = 200_000

# Bytes of records on one page; likewise.
MOST_BYTES = 8 << 20

MS = 0.001

# A page is made for so long before others have their turn.
TURN = 5 * MS

_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class HistoryPage:
    """Records, their IDs, and gaps in stream order, and whether more lie on either side."""

    stream: str
    position: Position
    first: StreamID
    records: list[bytes] = field(default_factory=list)
    ids: list[StreamID] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    more_before: bool = False
    more_after: bool = False
    size: int = 0

    @classmethod
    def at(cls, stream: str, start: Position) -> HistoryPage:
        """A page without records yet, behind a position."""
        return cls(stream, start, StreamID(start.id.ms, start.id.n + 1))

    def json(self, *, newest_first: bool, always_next: bool = False) -> bytes:
        """The body of the answer: `next` goes on in the same order, `previous` goes back.

        Args:
            always_next: also where nothing follows so far.
        """
        step = -1 if newest_first else 1
        after = str(self.position) if self.more_after or always_next else None
        before = str(self.first) if self.more_before else None
        forward, backward = (before, after) if newest_first else (after, before)
        ends: dict[str, Any] = {"next": forward, "previous": backward, "gaps": [gap_json(g) for g in self.gaps][::step]}
        return b'{"records":[%s],%s' % (b",".join(self.records[::step]), _encode(ends)[1:])


async def read_onward(
    history: History,
    stream: str,
    meta: StreamMeta,
    after: Position,
    *,
    before: StreamID | None = None,
    limit: int,
    query: Query = EVERYTHING,
    most: int = MOST_BYTES,
) -> HistoryPage:
    """Up to `limit` records that match, after a position and before an ID, oldest first.

    Args:
        most: bytes of them; one is given, however long.

    Raises:
        Unavailable: when Redis does not answer.
    """
    start = await resolve(history, stream, after, meta)
    end = None if before is None else before.n
    return await _read(history, stream, meta, start, end, limit, query, SCAN, most)


async def read_back(
    history: History,
    stream: str,
    meta: StreamMeta,
    before: StreamID | None,
    *,
    after: Position | None = None,
    limit: int,
    query: Query = EVERYTHING,
    floor: Position = START,
    most: int = MOST_BYTES,
) -> HistoryPage:
    """The last `limit` records that match before an ID (None: the end), also oldest first.

    Args:
        floor: nothing before this matters; the page that reaches it has none before it.
        most: bytes of records; one is given, however long.
    """
    if before is None or before.n > meta.last.n:
        before = StreamID(meta.last.ms, meta.last.n + 1)
    found, looked = await last_matching(history, stream, limit, query, before, floor.id.n, size=most)
    start = max(meta.newest._replace(id=looked or ZERO), floor, key=_number)
    if len(found) == limit:
        start = just_before(found[-1], start)
    begin = start if after is None else await resolve(history, stream, after, meta)
    # No limits here: the start is chosen so that all fits, also the gaps behind the last record.
    page = await _read(history, stream, meta, max(start, begin, key=_number), before.n, None, query, None, None)
    _drop_oldest(page, most)
    # Backward is onward here: what ends the page on that side is only where it begins.
    page.more_after = page.position.id.n < meta.last.n
    page.more_before = page.first.n > max(floor.id.n, 0 if after is None else begin.id.n) + 1
    return page


async def _read(
    history: History,
    stream: str,
    meta: StreamMeta,
    start: Position,
    end: int | None,
    limit: int | None,
    query: Query,
    scan: int | None,
    most: int | None,
) -> HistoryPage:
    reader, page = Reader(start), HistoryPage.at(stream, start)
    scanned, count, turn = 0, FIRST_PAGE, time.monotonic()
    while not reader.level and (scan is None or scanned < scan):
        found = await history.page(stream, reader.scan, count)
        count = next_count(found, count)
        for item in reader.take(found):
            scanned += item.frame.count if isinstance(item, Piece) else 1
            if not _take(page, item, end, limit, query, most):
                return _bounded(page, meta, end)
            if time.monotonic() - turn > TURN:
                await asyncio.sleep(0)
                turn = time.monotonic()
    return _bounded(page, meta, end)


def _number(position: Position) -> int:
    return position.id.n


def _drop_oldest(page: HistoryPage, most: int) -> None:
    """Keep the newest records, as many as fit, of a page that is read backward."""
    dropped = 0
    while page.size > most and dropped < len(page.records) - 1:
        page.size -= len(page.records[dropped])
        dropped += 1
    if dropped:
        del page.records[:dropped], page.ids[:dropped]
        page.first = page.ids[0]
        page.gaps = [gap for gap in page.gaps if gap.after.n >= page.first.n]


def _take(page: HistoryPage, item: Item, end: int | None, limit: int | None, query: Query, most: int | None) -> bool:
    """Put an item on the page, as far as it fits; False when the page is full or the end is reached."""
    if (limit is not None and len(page.records) >= limit) or (most is not None and page.size >= most):
        return False
    if isinstance(item, Piece):
        if end is not None and item.first_n >= end:
            return False
        try:
            matching = _matching(page.stream, item, query)
        except FrameError:
            item = _cut(unreadable(item), end)
        else:
            return _take_records(page, item, matching, end, limit, most)
    if end is not None and item.after.n + 1 >= end:
        return False
    page.gaps.append(item)
    page.position = item.position
    if item.reason in ("epoch", "fork"):
        page.first = item.position.id._replace(n=item.position.id.n + 1)
    return True


def _cut(gap: Gap, end: int | None) -> Gap:
    """As much of an unreadable frame's gap as lies before the end."""
    if end is None or gap.position.id.n < end:
        return gap
    last = gap.position.id._replace(n=end - 1)
    position, before = gap.position._replace(id=last), last._replace(n=end)
    return replace(gap, count=last.n - gap.after.n, before=before, position=position)


def _matching(stream: str, piece: Piece, query: Query) -> list[tuple[int, bytes]]:
    found = match(stream, query, piece)
    return [] if found is None else found.piece.numbered(found.places)


def _take_records(
    page: HistoryPage,
    piece: Piece,
    matching: list[tuple[int, bytes]],
    end: int | None,
    limit: int | None,
    most: int | None,
) -> bool:
    within = [(n, text) for n, text in matching if end is None or n < end]
    taken = within if limit is None else within[: limit - len(page.records)]
    sizes = list(accumulate((len(text) for _, text in taken), initial=page.size))
    if most is not None and sizes[-1] > most:
        # The one that goes beyond is the last.
        taken = taken[: bisect_left(sizes, most)]
    page.size = sizes[len(taken)]
    cut = len(taken) < len(within)
    last = taken[-1][0] if cut else min(piece.last.n, piece.last.n if end is None else end - 1)
    if page.first.n == piece.first_n:
        page.first = StreamID(piece.last.ms, piece.first_n)
    page.records += [text for _, text in taken]
    page.ids += [StreamID(piece.last.ms, n) for n, _ in taken]
    page.position = piece.position._replace(id=StreamID(piece.last.ms, last))
    return last == piece.last.n


def _bounded(page: HistoryPage, meta: StreamMeta, end: int | None) -> HistoryPage:
    page.more_after = page.position.id.n < (meta.last.n if end is None else min(meta.last.n, end - 1))
    page.more_before = page.first.n > 1
    return page
