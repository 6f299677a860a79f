"""`GET /api/streams/{stream}/records…`: pages of history, the newest, totals, and what is around one of them."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from tailrace.wire import StreamID, StreamIDError
from tailrace_relay.auth import grant_of
from tailrace_relay.cursor import Cursor
from tailrace_relay.errors import CursorError, ParameterError
from tailrace_relay.gateway import Gateway
from tailrace_relay.pages import read_back, read_onward
from tailrace_relay.places import resolve
from tailrace_relay.position import START, Position
from tailrace_relay.reader import Gap
from tailrace_relay.rest.answers import encoded, json_answer
from tailrace_relay.rest.caching import is_immutable, pin_of, tagged
from tailrace_relay.rest.meta import meta_of
from tailrace_relay.rest.wanted import Wanted
from tailrace_relay.scan import Found, scan
from tailrace_relay.summary import Summary
from tailrace_relay.surroundings import read_around

__all__ = ["MAX_LIMIT", "id_of", "position_of", "record_routes"]

# Records on one page, and on either side of one.
MAX_LIMIT = 10_000
MAX_LINES = 1_000

# Bars of a histogram: more than a screen has columns for.
MAX_BUCKETS = 1_000


def record_routes(gateway: Gateway) -> APIRouter:
    """The records of one stream."""
    router = APIRouter(prefix="/api/streams/{stream}/records")

    @router.get("")
    async def page(
        stream: str,
        request: Request,
        wanted: Annotated[Wanted, Depends()],
        after: Annotated[str, Query(description="a cursor of this stream; the page begins behind it")] = "",
        before: Annotated[str, Query(description="a stream ID or a cursor; the page ends before it")] = "",
        limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="records on the page")] = 100,
        order: Annotated[Literal["asc", "desc"], Query(description="oldest or newest first")] = "asc",
    ) -> Response:
        """A page of a stream's history. `next` goes on in the same order: as `after` (asc) or `before` (desc)."""
        meta = await meta_of(gateway, request, stream)
        start, end = position_of(stream, after), id_of("before", before)
        floor = await wanted.floor(gateway.history, stream)
        query = wanted.query
        async with gateway.pages:
            if _from_end(order, start, end):
                found = await read_back(
                    gateway.history, stream, meta, end, after=start, limit=limit, query=query, floor=floor
                )
            else:
                begin = await resolve(gateway.history, stream, start or START, meta)
                begin = max(begin, floor, key=lambda position: position.id.n)
                found = await read_onward(gateway.history, stream, meta, begin, before=end, limit=limit, query=query)
        body = found.json(newest_first=order == "desc")
        if start is None or end is None or not wanted.lasting:
            return json_answer(body)
        return tagged(request, body, immutable=is_immutable(found, meta, pin_of(before)))

    @router.get("/latest")
    async def latest(
        stream: str,
        request: Request,
        wanted: Annotated[Wanted, Depends()],
        limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="records at most")] = 100,
    ) -> Response:
        """The newest records, the oldest of them first. `next` goes on from there, also live."""
        meta = await meta_of(gateway, request, stream)
        floor = await wanted.floor(gateway.history, stream)
        async with gateway.pages:
            found = await read_back(gateway.history, stream, meta, None, limit=limit, query=wanted.query, floor=floor)
        return json_answer(found.json(newest_first=False, always_next=True))

    @router.get("/summary")
    async def summary(
        stream: str,
        request: Request,
        wanted: Annotated[Wanted, Depends()],
        buckets: Annotated[int, Query(ge=1, le=MAX_BUCKETS, description="of the histogram, at most")] = 60,
    ) -> Response:
        """Exact totals of all that matches: by level, logger, source, kind and service, and over time."""
        meta = await meta_of(gateway, request, stream)
        found = Summary(buckets)
        async with gateway.scans:
            start = await wanted.floor(gateway.history, stream)
            async for item in scan(gateway.history, stream, wanted.query, start, meta.last.n):
                if isinstance(item, Found):
                    found.add(item)
                elif isinstance(item, Gap):
                    found.add_gap(item)
                elif await request.is_disconnected():
                    break  # nobody waits for it any more
        return encoded(found.content())

    @router.get("/context")
    async def context(
        stream: str,
        request: Request,
        id: Annotated[str, Query(description="the ID of a record")],
        lines: Annotated[int, Query(ge=0, le=MAX_LINES, description="records before it, and after it")] = 20,
    ) -> Response:
        """A record with those around it. 404: there never was one of this ID; 410: it is not kept any more."""
        meta = await meta_of(gateway, request, stream)
        place = id_of("id", id)
        if place is None:
            raise ParameterError("id", "an ID is missing; right would be as 1763683200000-17")
        async with gateway.pages:
            body = await read_around(gateway.history, stream, meta, place, lines, grant_of(request.scope).query)
        return json_answer(body)

    return router


def position_of(stream: str, text: str) -> Position | None:
    if not text:
        return None
    cursor = Cursor.parse(text)
    if cursor.single is not None:
        return cursor.single
    if stream in cursor.positions:
        return cursor.positions[stream]
    raise CursorError("after", f"the cursor says nothing of stream {stream!r}")


def _from_end(order: str, start: Position | None, end: StreamID | None) -> bool:
    """Whether the page is the last of its span. One bound alone is where the page touches, in either order."""
    if (start is None) != (end is None):
        return start is None
    return order == "desc"


def id_of(parameter: str, text: str) -> StreamID | None:
    try:
        return StreamID.parse(text.split("~")[0]) if text else None
    except StreamIDError as error:
        raise ParameterError(parameter, str(error)) from error
