"""`GET /api/streams/{stream}/records/search`: a search that tells what it finds, and how far it is, as it goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response, StreamingResponse

from tailrace_relay.auth import grant_of
from tailrace_relay.auth.lease import while_valid
from tailrace_relay.gateway import Gateway
from tailrace_relay.places import just_before, resolve
from tailrace_relay.position import START
from tailrace_relay.rest.meta import meta_of
from tailrace_relay.rest.records import MAX_LIMIT, id_of, position_of
from tailrace_relay.rest.wanted import Wanted
from tailrace_relay.search import Lines, check_end, or_error, search_back, search_onward

__all__ = ["search_routes"]

LINES = "application/x-ndjson"

HEADERS = {
    # nginx would keep lines back until its buffer is full.
    "X-Accel-Buffering": "no",
}


def search_routes(gateway: Gateway) -> APIRouter:
    """Searches."""
    router = APIRouter()

    @router.get(
        "/api/streams/{stream}/records/search",
        response_class=StreamingResponse,
        responses={200: {"content": {LINES: {}}, "description": "records, gap, progress, done, error: a line each"}},
    )
    async def search(
        stream: str,
        request: Request,
        wanted: Annotated[Wanted, Depends()],
        after: Annotated[str, Query(description="a cursor of this stream; it is looked behind it")] = "",
        before: Annotated[str, Query(description="a stream ID or a cursor; it is looked before it")] = "",
        limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="records after which it ends")] = 1000,
        order: Annotated[Literal["asc", "desc"], Query(description="oldest or newest first")] = "asc",
    ) -> Response:
        """What matches, as it is found, with `scanned_to`: where to go on, as `after` (asc) or `before` (desc).

        Whoever hangs up ends it.
        """
        history = gateway.history
        meta = await meta_of(gateway, request, stream)
        start, end = position_of(stream, after), id_of("before", before)
        floor = await wanted.floor(history, stream)
        begin = max(await resolve(history, stream, start or START, meta), floor, key=lambda place: place.id.n)
        last = meta.newest if end is None or end.n > meta.last.n else just_before(end, meta.newest)
        if end is not None:
            await check_end(history, stream, end)
        if order == "asc":
            lines = Lines(begin, limit)
            found = search_onward(history, stream, wanted.query, lines, last)
        else:
            edge = meta.last._replace(n=meta.last.n + 1) if end is None or end.n > meta.last.n else end
            lines = Lines(meta.newest._replace(id=edge), limit)
            # What is numbered otherwise says nothing of where to end.
            begin = begin if begin.epoch in ("", meta.epoch) else START
            found = search_back(history, stream, wanted.query, lines, meta, begin)
        lasting = while_valid(grant_of(request.scope), gateway.settings.token_grace, found)
        return StreamingResponse(_in_turn(gateway.scans, or_error(lines, lasting)), headers=HEADERS, media_type=LINES)

    return router


async def _in_turn(turns: asyncio.Semaphore, lines: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    """Have a turn for each line, and none while a slow client takes it."""
    async with aclosing(lines):
        while True:
            async with turns:
                line = await anext(lines, None)
            if line is None:
                return
            yield line
