"""One page of the history of several streams, merged by the time at which Redis took the records."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from tailrace.wire import StreamID
from tailrace_relay.cursor import ACTIVE, format_cursor
from tailrace_relay.history import History
from tailrace_relay.messages import gap_json
from tailrace_relay.pages import MOST_BYTES, HistoryPage, read_back, read_onward
from tailrace_relay.position import Position, StreamMeta
from tailrace_relay.query import Query

__all__ = ["Merged", "merge_back", "merge_onward"]

# Before the first record of any stream.
BEGINNING = StreamID(0, 1)

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Merged:
    """A page of several streams.

    Attributes:
        records: in the order that was asked for.
        places: where each stream is read on in that order; None when all are read to their ends.
        gaps: with their streams.
    """

    records: list[bytes]
    places: dict[str, Position] | None
    gaps: list[dict[str, Any]]

    def json(self) -> bytes:
        """The body of the answer."""
        # No stream is left out, so the time before which others begin is the very first.
        cursor = self.places and format_cursor(ACTIVE, ((name, place, False) for name, place in self.places.items()))
        return b'{"records":[%s],%s' % (b",".join(self.records), _encode({"next": cursor, "gaps": self.gaps})[1:])


async def merge_onward(
    history: History,
    metas: Mapping[str, StreamMeta],
    starts: Mapping[str, Position],
    *,
    limit: int,
    query: Query,
) -> Merged:
    """Up to `limit` records that match, each stream's behind its start, oldest first.

    Raises:
        Unavailable: when Redis does not answer.
    """
    most = _share(metas)
    pages = await asyncio.gather(
        *(
            read_onward(history, name, meta, starts[name], limit=limit, query=query, most=most)
            for name, meta in metas.items()
        )
    )
    # What a stream has behind its page may be older than what others have on theirs. Of one millisecond, streams come
    # in the order of their names.
    edge = min(((page.position.id.ms, order) for order, page in enumerate(pages) if page.more_after), default=None)
    found = sorted(
        ((id.ms, order, place) for order, page in enumerate(pages) for place, id in enumerate(page.ids)),
    )
    taken = [each for each in found if edge is None or each[:2] <= edge][:limit]
    counts = Counter(order for _, order, _ in taken)
    places: dict[str, Position] = {}
    for order, page in enumerate(pages):
        count = counts[order]
        end = page.position
        if count < len(page.ids):
            end = end._replace(id=page.ids[count - 1]) if count else _start(page, starts[page.stream])
        places[page.stream] = end
    gaps = [_gap(page, gap) for page in pages for gap in page.gaps if gap.position.id.n <= places[page.stream].id.n]
    more = any(places[name].id.n < meta.last.n for name, meta in metas.items())
    return Merged([pages[order].records[place] for _, order, place in taken], places if more else None, gaps)


async def merge_back(
    history: History,
    metas: Mapping[str, StreamMeta],
    ends: Mapping[str, StreamID | None],
    floors: Mapping[str, Position],
    *,
    limit: int,
    query: Query,
) -> Merged:
    """The last `limit` records that match, each stream's before its end (None: all), newest first.

    Raises:
        Unavailable: when Redis does not answer.
    """
    most = _share(metas)
    pages = await asyncio.gather(
        *(
            read_back(history, name, meta, ends[name], limit=limit, query=query, floor=floors[name], most=most)
            for name, meta in metas.items()
        )
    )
    edge = max(((page.first.ms, order) for order, page in enumerate(pages) if page.more_before), default=None)
    found = sorted(
        ((id.ms, order, place) for order, page in enumerate(pages) for place, id in enumerate(page.ids)), reverse=True
    )
    taken = [each for each in found if edge is None or each[:2] >= edge][:limit]
    counts = Counter(order for _, order, _ in taken)
    places: dict[str, Position] = {}
    more = False
    for order, page in enumerate(pages):
        count = counts[order]
        end = metas[page.stream].newest
        if count < len(page.ids):
            before = page.ids[-count] if count else ends[page.stream] or end.id._replace(n=end.id.n + 1)
        else:
            before = page.first if page.more_before else BEGINNING
        more = more or count < len(page.ids) or page.more_before
        places[page.stream] = end._replace(id=before)
    gaps = [_gap(page, gap) for page in pages for gap in page.gaps if gap.position.id.n >= places[page.stream].id.n]
    return Merged([pages[order].records[place] for _, order, place in taken], places if more else None, gaps)


def _share(metas: Mapping[str, StreamMeta]) -> int:
    """Bytes that each stream may have on the page, most of which may be left for the next."""
    return MOST_BYTES // max(len(metas), 1)


def _start(page: HistoryPage, start: Position) -> Position:
    """Where a stream is read on of which nothing was taken: with the numbering in force, which a start may lack."""
    return page.position._replace(id=start.id) if not start.epoch else start


def _gap(page: HistoryPage, gap: Any) -> dict[str, Any]:
    return {"stream": page.stream, **gap_json(gap)}
