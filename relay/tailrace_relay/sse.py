"""`GET /api/live/events`: a subscription as an event stream (docs/PROTOCOL.md, B5)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from tailrace_relay import codes, messages
from tailrace_relay.errors import Unavailable
from tailrace_relay.gateway import Gateway
from tailrace_relay.outbox import EventStreamOutbox
from tailrace_relay.selection import Selection, Start, parse_subscription

__all__ = ["CUT_OFF", "event_router"]

# Under this name the server's state of a request has what cuts its connection off.
CUT_OFF = "tailrace.cut_off"

# Seconds until the server has noticed that it has cut a connection off; it does so at once.
CUT_OFF_TIMEOUT = 5.0

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-cache",
    # nginx would keep events back until its buffer is full.
    "X-Accel-Buffering": "no",
}


class EventStream(Response):
    """An event stream that lasts until either side ends it."""

    def __init__(self, gateway: Gateway, selection: Selection, start: Start) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._gateway = gateway
        self._selection = selection
        self._start = start

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        outbox = EventStreamOutbox(send)
        self._gateway.add(outbox)
        writer = asyncio.create_task(outbox.run())
        gone = asyncio.create_task(_gone(receive, outbox))
        try:
            session = await self._gateway.catch_up.open(self._selection, self._start, outbox, None)
            try:
                await writer
            finally:
                session.leave()
        except Unavailable as error:
            outbox.write(messages.error("unavailable", str(error)))
            outbox.close(codes.UNAVAILABLE, str(error))
            await writer
        finally:
            self._gateway.remove(outbox)
            outbox.abort()
            if outbox.unsent:
                await _cut_off(scope, gone)
            gone.cancel()


def event_router(gateway: Gateway) -> APIRouter:
    """The routes of event streams."""
    router = APIRouter()

    @router.get(
        "/api/live/events",
        response_class=EventStream,
        responses={200: {"content": {"text/event-stream": {}}, "description": "hello, records, gap, heartbeat events"}},
    )
    async def events(
        request: Request,
        streams: str = Query("", description="names and globs, separated by commas", examples=["api,run:*"]),
        after: str = Query("", description="a cursor; wins over tail; Last-Event-ID wins over it"),
        tail: str = Query("", description="first the last so many matching records"),
        level: str = Query("", description="this level and above"),
        query: str = Query("", description="which records; see docs/QUERY.md"),
    ) -> Response:
        """Live records as server-sent events; the browser's EventSource resumes by itself."""
        parameters = {"streams": streams, "after": after, "tail": tail, "level": level, "query": query}
        parameters["after"] = request.headers.get("last-event-id") or after
        selection, start = parse_subscription(parameters)
        # Whatever can be known to fail must fail while a status can still say so.
        await gateway.history.now()
        return EventStream(gateway, selection, start)

    return router


async def _cut_off(scope: Scope, gone: asyncio.Task[None]) -> None:
    """End the connection of a client that reads nothing, where the server can; what is unsent would keep it."""
    cut_off = scope.get("state", {}).get(CUT_OFF)
    if cut_off is not None:
        cut_off()
        await asyncio.wait([gone], timeout=CUT_OFF_TIMEOUT)


async def _gone(receive: Receive, outbox: EventStreamOutbox) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    outbox.abort()
