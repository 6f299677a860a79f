"""Long searches: what matches in one stream as it is found, and how far it has been looked, a line of JSON each.

Wherever a search ends, its last `scanned_to` is where another one goes on.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from typing import Any

import msgspec

from tailrace.wire import FrameError, StreamID
from tailrace_relay.errors import CursorError, Unauthorized, Unavailable
from tailrace_relay.group import unreadable
from tailrace_relay.history import FIRST_PAGE, History, next_count
from tailrace_relay.messages import gap_json
from tailrace_relay.position import Position, StreamMeta
from tailrace_relay.query import Query
from tailrace_relay.reader import Gap, Page
from tailrace_relay.scan import Found, scan

__all__ = ["Lines", "check_end", "or_error", "search_back", "search_onward"]

MS = 0.001

# How long nothing is said while nothing matches, about: it takes a page of Redis' more.
PROGRESS_EVERY = 250 * MS

# Bytes of records in one line, roughly.
LINE_BYTES = 256 << 10

_encode = msgspec.json.Encoder().encode


class Lines:
    """What a search has found and not yet told. No I/O.

    Attributes:
        place: how far it has been looked: `after` of a search that goes on (`before`, newest first).
        left: how many more records may be found.
    """

    def __init__(self, place: Position, limit: int) -> None:
        self.place = place
        self.left = limit
        self._matches = 0
        self._records: list[bytes] = []
        self._size = 0
        self._told_at = time.monotonic()

    @property
    def full(self) -> bool:
        """Enough for a line."""
        return self._size >= LINE_BYTES

    @property
    def due(self) -> bool:
        """It is time to say something."""
        return bool(self._records) or time.monotonic() - self._told_at >= PROGRESS_EVERY

    def take(self, record: bytes, place: Position) -> None:
        """A record that matches, and how far it has been looked with it."""
        self._records.append(record)
        self._size += len(record)
        self._matches += 1
        self.left -= 1
        self.place = place

    def flush(self) -> bytes:
        """Records, or that there are none so far."""
        records, self._records, self._size = self._records, [], 0
        if not records:
            return self._line("progress", {})
        return b'{"type":"records","records":[%s],%s' % (b",".join(records), self._line("", {})[len('{"type":"",') :])

    def gap(self, gap: Gap, place: Position) -> Iterator[bytes]:
        """A notice in place of records, behind those found before it, and how far it has been looked with it."""
        if self._records:
            yield self.flush()
        self.place = place
        yield self._line("gap", gap_json(gap))

    def error(self, code: str, message: str) -> bytes:
        """The last line of a search that cannot go on, with what it had found."""
        rest = self.flush() if self._records else b""
        return rest + self._line("error", {"code": code, "message": message})

    def done(self, *, more: bool) -> Iterator[bytes]:
        """What is left to tell, and that it is all.

        Args:
            more: the limit has ended it, and there is more to look at.
        """
        if self._records:
            yield self.flush()
        yield self._line("done", {"next": str(self.place) if more else None}, done=True)

    def _line(self, type: str, content: Mapping[str, Any], *, done: bool = False) -> bytes:
        self._told_at = time.monotonic()
        ends = {"scanned_to": str(self.place), "matches": self._matches, "done": done}
        return _encode({"type": type, **content, **ends}) + b"\n"


async def search_onward(
    history: History, stream: str, query: Query, lines: Lines, last: Position
) -> AsyncGenerator[bytes, None]:
    """What matches behind `lines.place`, up to the last record that is asked for, oldest first.

    Raises:
        Unavailable: when Redis does not answer.
    """
    async with aclosing(scan(history, stream, query, lines.place, last.id.n)) as items:
        async for item in items:
            if isinstance(item, Position):
                lines.place = _at_most(item, last)
                if lines.due:
                    yield lines.flush()
                continue
            for part in _parts(item):
                if isinstance(part, Gap):
                    for line in lines.gap(part, _at_most(part.position, last)):
                        yield line
                elif lines.left:
                    lines.take(*part)
            if not lines.left:
                break
            if lines.full:
                yield lines.flush()
    if lines.left and lines.place.epoch == last.epoch:
        lines.place = max(lines.place, last, key=_number)
    for line in lines.done(more=not lines.left and lines.place.id.n < last.id.n):
        yield line


async def search_back(
    history: History, stream: str, query: Query, lines: Lines, meta: StreamMeta, floor: Position
) -> AsyncGenerator[bytes, None]:
    """What matches before `lines.place` and behind `floor`, newest first.

    Stretch by stretch: each is as long as a page of Redis', and looked through onward, so that its gaps are found.

    Raises:
        Unavailable: when Redis does not answer.
    """
    edge, end, count = lines.place.id, lines.place.id.n - 1, FIRST_PAGE
    while lines.left and end > floor.id.n:
        page = await history.page_before(stream, edge, count)
        edge, count = page.scan, next_count(page, count)
        start = _before_all(page, floor.id)
        if start is None:
            continue  # nothing but what is not ours
        items = await _stretch(history, stream, query, meta.newest._replace(id=start), end)
        if items is None or page.meta is None or page.meta.generations != meta.generations:
            yield lines.error("renumbered", "Redis was restarted or fell back meanwhile: search again")
            return
        for part in (part for item in reversed(items) for part in reversed(_parts(item))):
            if isinstance(part, Gap):
                for line in lines.gap(part, lines.place._replace(id=_behind(part.after, part.position.id.ms))):
                    yield line
            elif lines.left:
                lines.take(*part)
            if lines.full:
                yield lines.flush()
        if lines.left:
            lines.place, end = lines.place._replace(id=_behind(start, start.ms)), start.n
        if lines.due:
            yield lines.flush()
    for line in lines.done(more=not lines.left and lines.place.id.n > floor.id.n + 1):
        yield line


async def check_end(history: History, stream: str, before: StreamID) -> None:
    """See whether an ID is one of the stream: a search backward would otherwise begin anywhere.

    Raises:
        CursorError: when it is none.
        Unavailable: when Redis does not answer.
    """
    _, across = await history.first_frame(stream, StreamID(before.ms, max(before.n - 1, 0)))
    if across is not None and across.id.n < before.n:
        raise CursorError("before", f"{before} is no ID of stream {stream!r}: at that time it was at {across.id}")


async def or_error(lines: Lines, search: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """A search whose last line says so when Redis goes away, or the token has expired."""
    try:
        async with aclosing(search):
            async for line in search:
                yield line
    except Unavailable as error:
        yield lines.error("unavailable", str(error))
    except Unauthorized as error:
        yield lines.error("unauthorized", str(error))


async def _stretch(history: History, stream: str, query: Query, start: Position, end: int) -> list[Found | Gap] | None:
    """All that is found in a stretch; None when what lies there is numbered anew."""
    found = [item async for item in scan(history, stream, query, start, end) if not isinstance(item, Position)]
    anew = any(isinstance(item, Gap) and item.reason in ("epoch", "fork") for item in found)
    return None if anew else found


def _before_all(page: Page, floor: StreamID) -> StreamID | None:
    """The place before all frames of a page, and not before the floor; None when there are none, but more pages."""
    frames = [(entry.id, entry.frame) for entry in page.entries if entry.frame is not None]
    if not page.more:
        return floor
    if not frames:
        return None
    id, frame = frames[-1]
    return max(StreamID(id.ms, id.n - frame.count - frame.shed), floor, key=lambda each: each.n)


def _behind(id: StreamID, ms: int) -> StreamID:
    """What the next record is called, if it is of this millisecond."""
    return StreamID(ms, id.n + 1)


def _parts(item: Found | Gap) -> list[tuple[bytes, Position] | Gap]:
    """Records with their places, in stream order; or a gap."""
    if isinstance(item, Gap):
        return [item]
    piece = item.piece.piece
    try:
        numbered = item.piece.numbered(item.places)
    except FrameError:
        return [unreadable(piece)]
    return [(text, piece.position._replace(id=StreamID(piece.last.ms, n))) for n, text in numbered]


def _at_most(place: Position, last: Position) -> Position:
    return last if place.epoch == last.epoch and place.id.n > last.id.n else place


def _number(place: Position) -> int:
    return place.id.n
