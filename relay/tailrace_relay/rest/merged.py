"""`GET /api/records`: the history of several streams as one."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from tailrace_relay.auth import grant_of
from tailrace_relay.cursor import Cursor
from tailrace_relay.errors import CursorError, ParameterError
from tailrace_relay.gateway import Gateway
from tailrace_relay.merged import merge_back, merge_onward
from tailrace_relay.places import resolve
from tailrace_relay.position import START, Position, StreamMeta
from tailrace_relay.rest.answers import json_answer
from tailrace_relay.rest.records import MAX_LIMIT
from tailrace_relay.rest.wanted import Wanted
from tailrace_relay.selection import Selection

__all__ = ["MAX_MERGED", "merged_routes"]

# Streams that are merged: their cursor must fit a cursor.
MAX_MERGED = 32

# Characters of their names: beside them, each takes up to sixty in the cursor.
MAX_NAMES = 2000


def merged_routes(gateway: Gateway) -> APIRouter:
    """Several streams."""
    router = APIRouter()

    @router.get("/api/records")
    async def records(
        request: Request,
        wanted: Annotated[Wanted, Depends()],
        streams: Annotated[str, Query(description="names and globs, separated by commas")] = "",
        after: Annotated[str, Query(description="a cursor; the page begins behind it (asc)")] = "",
        before: Annotated[str, Query(description="the `next` of a page before (desc)")] = "",
        limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="records on the page")] = 100,
        order: Annotated[Literal["asc", "desc"], Query(description="oldest or newest first")] = "asc",
    ) -> Response:
        """A page of several streams, merged by time. `next` goes on: as `after` (asc) or `before` (desc)."""
        metas = await _metas(gateway, grant_of(request.scope).select(Selection.parse(streams)))
        floors = {name: await wanted.floor(gateway.history, name) for name in metas}
        if order == "desc":
            ends = _several("before", before)
            if ends is not None:
                metas = {name: meta for name, meta in metas.items() if name in ends.positions}
            at = {name: ends.positions[name].id if ends is not None else None for name in metas}
            async with gateway.pages:
                page = await merge_back(gateway.history, metas, at, floors, limit=limit, query=wanted.query)
            return json_answer(page.json())
        begin = _several("after", after)
        starts = {name: await _start(gateway, name, metas[name], begin, floors[name]) for name in metas}
        async with gateway.pages:
            page = await merge_onward(gateway.history, metas, starts, limit=limit, query=wanted.query)
        return json_answer(page.json())

    return router


async def _metas(gateway: Gateway, selection: Selection) -> dict[str, StreamMeta]:
    names = set(selection.names)
    if len(names) < len(selection.patterns):
        matches = selection.matcher()
        names |= {name for name, _ in await gateway.history.streams() if matches(name)}
    if len(names) > MAX_MERGED or sum(map(len, names)) > MAX_NAMES:
        raise ParameterError(
            "streams",
            f"{len(names)} streams, whose names have {sum(map(len, names))} characters; "
            f"{MAX_MERGED} with {MAX_NAMES} can be merged: name fewer",
        )
    found = await gateway.history.metas(sorted(names))
    return {name: meta for name, meta in found.items() if meta is not None}


async def _start(gateway: Gateway, stream: str, meta: StreamMeta, begin: Cursor | None, floor: Position) -> Position:
    start = START
    if begin is not None:
        start = begin.positions.get(stream) or await gateway.history.at_time(stream, begin.as_of + 1)
    start = await resolve(gateway.history, stream, start, meta)
    return max(start, floor, key=lambda position: position.id.n)


def _several(parameter: str, text: str) -> Cursor | None:
    if text in ("", "0-0"):
        return None
    cursor = Cursor.parse(text)
    if cursor.single is not None:
        raise CursorError(parameter, f"{text!r} is a place in one stream; right would be the `next` of a page before")
    return cursor
