"""ASGI: what is recorded in a request carries its `traceparent`, `X-Request-ID`, method and path.

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
    """Binds what a request says, for HTTP and WebSocket; passes everything on as it is."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {bytes(name).lower(): bytes(value) for name, value in scope.get("headers", ())}
        with bind_request(
            traceparent=headers.get(b"traceparent", b"").decode("latin-1"),
            request_id=headers.get(b"x-request-id", b"").decode("latin-1"),
            method=scope.get("method", ""),  # a WebSocket has none
            path=scope.get("path", ""),
        ):
            await self.app(scope, receive, send)
