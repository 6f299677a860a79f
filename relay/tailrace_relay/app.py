"""The relay as an ASGI application: alone, or mounted under a prefix of somebody's own."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import compile_path

from tailrace_relay.accepting import Receive, Scope, Send
from tailrace_relay.auth.credentials import CREDENTIAL, take_credential
from tailrace_relay.auth.door import Door, path_of
from tailrace_relay.dialects.serving import Served, Socket
from tailrace_relay.dialects.table import served_dialects
from tailrace_relay.gateway import Gateway
from tailrace_relay.openapi import describe
from tailrace_relay.problems import install_problems
from tailrace_relay.rest import rest_router
from tailrace_relay.safe_headers import SafeHeaders
from tailrace_relay.settings import Settings
from tailrace_relay.sse import event_router
from tailrace_relay.status_socket import StatusConnection
from tailrace_relay.viewer import Viewer, viewer_router
from tailrace_relay.websocket import LiveSocket

__all__ = ["GATEWAY", "RelayApp", "create_app"]

# Where the lifespan's state has the gateway, for the server to find it at shutdown.
GATEWAY = "tailrace.gateway"

# A day, in seconds: how long a browser may remember a preflight.
PREFLIGHT_AGE = 86_400


class RelayApp:
    """An ASGI application. WebSockets go past the framework: an idle one costs less than half so.

    Alone, its lifespan starts and stops the gateway. Mounted by `mount_on`, the other application's lifespan does;
    mounted by that application's own means, the first request starts it.
    """

    def __init__(self, settings: Settings) -> None:
        self.gateway = Gateway(settings)
        dialects = served_dialects(self.gateway)
        self._sockets = _sockets(self.gateway, dialects)
        self.http = _http_app(self.gateway, self.lifespan, dialects)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.http(scope, receive, send)
            return
        # Before all else: whatever answers, or writes the address down, must not see a token in it.
        scope[CREDENTIAL] = take_credential(scope, self.gateway.settings.token_cookie)
        await self.gateway.start()
        socket = self._socket(scope) if scope["type"] == "websocket" else None
        await (socket or self.http)(scope, receive, send)

    def _socket(self, scope: Scope) -> Socket | None:
        path = path_of(scope)
        for pattern, socket in self._sockets:
            match = pattern.fullmatch(path)
            if match is not None:
                scope["path_params"] = match.groupdict()
                return socket
        return None

    @contextlib.asynccontextmanager
    async def lifespan(self, app: Any) -> AsyncIterator[dict[str, Any]]:
        """Starts the gateway, and stops it at the end."""
        await self.gateway.start()
        try:
            yield {GATEWAY: self.gateway}
        finally:
            await self.gateway.stop()

    def mount_on(self, app: Starlette, path: str) -> None:
        """Mount under `path` of another application (FastAPI, Starlette), and into its lifespan."""
        app.mount(path, self)
        outer = app.router.lifespan_context

        @contextlib.asynccontextmanager
        async def both(app: Any) -> AsyncIterator[Any]:
            async with self.lifespan(app) as own, outer(app) as state:
                yield own | dict(state or {})

        app.router.lifespan_context = both


def create_app(settings: Settings | None = None) -> RelayApp:
    """The relay, with settings from the environment where none are given."""
    return RelayApp(settings or Settings())


def _sockets(gateway: Gateway, dialects: Sequence[Served]) -> list[tuple[re.Pattern[str], Socket]]:
    """Which application serves the WebSockets of which paths; the first that matches counts."""
    sockets: list[tuple[str, Socket]] = [
        ("/api/live", LiveSocket(gateway)),
        ("/api/status", LiveSocket(gateway, StatusConnection)),
    ]
    sockets += [each for served in dialects for each in served.sockets]
    return [(compile_path(path)[0], Door(socket, gateway)) for path, socket in sockets]


def _http_app(gateway: Gateway, lifespan: Any, dialects: Sequence[Served]) -> FastAPI:
    app = FastAPI(
        title="Tailrace", summary="Live logs and their history.", lifespan=lifespan, docs_url=None, redoc_url=None
    )
    install_problems(app)
    app.include_router(rest_router(gateway))
    app.include_router(event_router(gateway))
    for router in [router for served in dialects for router in served.routers]:
        app.include_router(router)
    app.include_router(viewer_router(Viewer()))
    describe(app, gateway.settings)
    app.add_middleware(Door, gateway=gateway)
    origins = list(gateway.settings.allowed_origins)
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=[
                "Authorization",
                "Last-Event-ID",
                "Cache-Control",
                "Content-Type",
                "Content-Encoding",
                "Idempotency-Key",
            ],
            expose_headers=["Retry-After", "WWW-Authenticate"],
            # A page's cookie may hold a token; not where any page may come.
            allow_credentials="*" not in origins,
            max_age=PREFLIGHT_AGE,
        )
    app.add_middleware(SafeHeaders)
    return app
