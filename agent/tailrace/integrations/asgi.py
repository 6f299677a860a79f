"""ASGI: what is recorded in a request carries its `traceparent` and `X-Request-ID`.

app.add_middleware(TailraceMiddleware)      # FastAPI, Starlette
app = TailraceMiddleware(app)               # any ASGI application
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from tailrace.integrations.requests import bind_request

__all__ = ["TailraceMiddleware"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class TailraceMiddleware:
    """Binds what a request's headers say, for HTTP and WebSocket; passes everything on as it is."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {bytes(name).lower(): bytes(value) for name, value in scope.get("headers", ())}
        traceparent = headers.get(b"traceparent", b"").decode("latin-1")
        with bind_request(traceparent, headers.get(b"x-request-id", b"").decode("latin-1")):
            await self.app(scope, receive, send)
