"""A record and those around it, for whoever followed a link to it."""

from __future__ import annotations

from typing import Any

import msgspec

from tailrace.wire import StreamID
from tailrace_relay.errors import Gone, NotFound
from tailrace_relay.history import History
from tailrace_relay.messages import gap_json
from tailrace_relay.pages import HistoryPage, read_back, read_onward
from tailrace_relay.places import just_before
from tailrace_relay.position import StreamMeta
from tailrace_relay.query import Query

__all__ = ["read_around"]

_encode = msgspec.json.Encoder().encode


async def read_around(history: History, stream: str, meta: StreamMeta, id: StreamID, lines: int, query: Query) -> bytes:
    """The body of an answer: a page with the record in the middle, `next` and `previous` on either side.

    Args:
        query: what of the stream is seen.

    Raises:
        NotFound: when the stream never had a record of this ID.
        Gone: when it is not kept any more.
        Unavailable: when Redis does not answer.
    """
    if not 0 < id.n <= meta.last.n:
        raise NotFound("id", f"stream {stream!r} never had a record {id}; its newest is {meta.last}")
    onward = await read_onward(history, stream, meta, just_before(id, meta.newest), limit=lines + 1, query=query)
    _check_first(onward, id)
    if not lines:
        return _body(HistoryPage.at(stream, just_before(id, meta.newest)), onward)
    return _body(await read_back(history, stream, meta, id, limit=lines, query=query), onward)


def _check_first(page: HistoryPage, id: StreamID) -> None:
    for gap in page.gaps:
        if gap.after.n < id.n and gap.reason in ("trimmed", "cleared"):
            raise Gone("id", f"record {id} is not kept any more: {gap.reason}")
    first = page.ids[0] if page.ids else None
    if first != id:
        raise NotFound("id", f"stream {page.stream!r} never had a record {id}; in its place is {first or 'none'}")


def _body(back: HistoryPage, onward: HistoryPage) -> bytes:
    ends: dict[str, Any] = {
        "next": str(onward.position) if onward.more_after else None,
        "previous": str(back.first) if back.first.n > 1 else None,
        "gaps": [gap_json(gap) for gap in (*back.gaps, *onward.gaps)],
    }
    return b'{"records":[%s],%s' % (b",".join(back.records + onward.records), _encode(ends)[1:])
