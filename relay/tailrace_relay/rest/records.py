"""`GET /api/streams…`, health and readiness (docs/PROTOCOL.md, B6)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Query
from starlette.responses import Response

from tailrace.wire import StreamID, StreamIDError, check_stream_name
from tailrace_relay.cursor import Cursor
from tailrace_relay.errors import CursorError, ParameterError
from tailrace_relay.gateway import Gateway
from tailrace_relay.pages import read_back, read_onward
from tailrace_relay.position import START, Position
from tailrace_relay.problems import problem
from tailrace_relay.selection import parse_query

__all__ = ["rest_router"]

# Records on one page.
MAX_LIMIT = 10_000

_encode = msgspec.json.Encoder().encode


def rest_router(gateway: Gateway) -> APIRouter:
    """The routes that answer at once."""
    router = APIRouter()

    @router.get("/api/streams")
    async def list_streams() -> Response:
        """All streams, the most recently active first."""
        found = await gateway.history.streams()
        names = [name for name, _ in found]
        metas = await gateway.history.metas(names)
        oldest = await gateway.history.oldest(names)
        streams = []
        for name, activity in found:
            meta = metas[name]
            if meta is not None:
                first = oldest[name]
                streams.append(
                    {
                        "stream": name,
                        "epoch": meta.epoch,
                        "oldest": str(first) if first else None,
                        "newest": str(meta.last),
                        "records": meta.last.n - first.n + 1 if first else 0,
                        "bytes": meta.size,
                        "last_activity": activity,
                    }
                )
        return _json(_encode({"streams": streams}))

    @router.get("/api/streams/{stream}/records")
    async def records(
        stream: str,
        after: Annotated[str, Query(description="a cursor of this stream; the page begins behind it")] = "",
        before: Annotated[str, Query(description="a stream ID; the page ends before it")] = "",
        limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="records on the page")] = 100,
        order: Annotated[Literal["asc", "desc"], Query(description="oldest or newest first")] = "asc",
        level: Annotated[str, Query(description="this level and above")] = "",
        query: Annotated[str, Query(description="which records; see docs/QUERY.md")] = "",
    ) -> Response:
        """A page of a stream's history. `next` goes on in the same order: as `after` (asc) or `before` (desc)."""
        check_stream_name(stream)
        start, end, wanted = _position(stream, after), _end(before), parse_query(query, level)
        meta = (await gateway.history.metas([stream]))[stream]
        if meta is None:
            return problem(404, f"there is no stream {stream!r}", "stream")
        if _from_end(order, start, end):
            page = await read_back(gateway.history, stream, meta, end, after=start, limit=limit, query=wanted)
        else:
            page = await read_onward(
                gateway.history, stream, meta, start or START, before=end, limit=limit, query=wanted
            )
        return _json(page.json(newest_first=order == "desc"))

    @router.get("/api/agents")
    async def list_agents() -> Response:
        """The processes that log, with what they say of themselves, and `state`: `running`, `exited` or `lost`."""
        said, now = await gateway.history.announcements(), await gateway.history.now()
        agents = [{**asdict(each), "state": each.state(now).value} for each in said]
        return _json(_encode({"agents": agents}))

    @router.get("/api/health")
    async def health() -> Response:
        """Whether this process lives."""
        return _json(_encode({"status": "alive", "gateway": gateway.name}))

    @router.get("/api/ready")
    async def ready() -> Response:
        """Whether records reach clients through this gateway: measured, by a probe through Redis' pub/sub."""
        if gateway.ready:
            return _json(_encode({"status": "ready", "gateway": gateway.name}))
        return problem(503, "Redis' pub/sub does not deliver to this gateway", headers={"Retry-After": "1"})

    return router


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})


def _position(stream: str, text: str) -> Position | None:
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


def _end(text: str) -> StreamID | None:
    try:
        return StreamID.parse(text.split("~")[0]) if text else None
    except StreamIDError as error:
        raise ParameterError("before", str(error)) from error
