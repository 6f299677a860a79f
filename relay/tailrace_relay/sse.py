"""`GET /api/live/events`: a subscription as an event stream (docs/PROTOCOL.md, B5)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Query, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tailrace_relay import codes, messages
from tailrace_relay.auth import grant_of
from tailrace_relay.auth.door import address_of
from tailrace_relay.auth.lease import Lease
from tailrace_relay.errors import TooMany, Unavailable
from tailrace_relay.gateway import Gateway
from tailrace_relay.outbox import EventStreamOutbox, Message, Outbox
from tailrace_relay.problems import refusal
from tailrace_relay.selection import parse_subscription
from tailrace_relay.session import Session
from tailrace_relay.status import Listening

__all__ = ["CUT_OFF", "EventStream", "event_router"]

# Under this name the server's state of a request has what cuts its connection off.
CUT_OFF = "tailrace.cut_off"

# Seconds until the server has noticed that it has cut a connection off; it does so at once.
CUT_OFF_TIMEOUT = 5.0

HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-cache",
    # nginx would keep events back until its buffer is full.
    "X-Accel-Buffering": "no",
}


_EXPIRED = messages.token("expired", None)


def _unavailable(text: str) -> Message:
    return messages.error("unavailable", text)


class EventStream(Response):
    """An event stream that lasts until either side ends it.

    Args:
        begin: has an outbox written to, until it is left.
        failure: what is said when Redis does not answer.
        expired: what is said when the token has expired, some time before the end.
    """

    def __init__(
        self,
        gateway: Gateway,
        begin: Callable[[Outbox], Awaitable[Session | Listening]],
        failure: Callable[[str], Message] = _unavailable,
        expired: Message | None = _EXPIRED,
    ) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._gateway = gateway
        self._begin = begin
        self._failure = failure
        self._expired = expired

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            place = self._gateway.limits.open(address_of(scope), grant_of(scope).holder)
        except TooMany as error:
            await refusal(error)(scope, receive, send)
            return
        try:
            await self._serve(scope, receive, send)
        finally:
            place.close()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        outbox = EventStreamOutbox(send)
        self._gateway.add(outbox)
        lease = Lease(grant_of(scope), outbox, self._gateway.settings.token_grace, lambda: self._say_expired(outbox))
        writer = asyncio.create_task(outbox.run())
        gone = asyncio.create_task(_gone(receive, outbox))
        try:
            session = await self._begin(outbox)
            try:
                await writer
            finally:
                session.leave()
        except Unavailable as error:
            outbox.write(self._failure(str(error)))
            outbox.close(codes.UNAVAILABLE, str(error))
            await writer
        finally:
            lease.end()
            self._gateway.remove(outbox)
            outbox.abort()
            if outbox.unsent:
                await _cut_off(scope, gone)
            gone.cancel()

    def _say_expired(self, outbox: EventStreamOutbox) -> None:
        if self._expired is not None:
            outbox.write(self._expired)


def event_router(gateway: Gateway) -> APIRouter:
    """The routes of event streams."""
    router = APIRouter()

    @router.get(
        "/api/live/events",
        response_class=Response,
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
        selection = grant_of(request.scope).select(selection)
        # Whatever can be known to fail must fail while a status can still say so.
        await gateway.history.now()
        return EventStream(gateway, lambda outbox: gateway.catch_up.open(selection, start, outbox))

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
