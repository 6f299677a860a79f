"""The relay as an ASGI application: alone, or mounted under a prefix of somebody's own."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

from tailrace_relay.gateway import Gateway
from tailrace_relay.problems import install_problems
from tailrace_relay.rest import rest_router
from tailrace_relay.settings import Settings
from tailrace_relay.sse import event_router
from tailrace_relay.websocket import LiveSocket, Receive, Scope, Send

__all__ = ["GATEWAY", "RelayApp", "create_app"]

STATIC = Path(__file__).parent / "static"

LIVE = "/api/live"

# Where the lifespan's state has the gateway, for the server to find it at shutdown.
GATEWAY = "tailrace.gateway"

# A day, in seconds: how long a browser may remember a preflight.
PREFLIGHT_AGE = 86_400

PAGE_HEADERS = {
    # Asked for each time, which its ETag makes cheap: an old script must not stand beside a new page.
    "Cache-Control": "no-cache",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src *; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class PageFiles(StaticFiles):
    """What the page is made of, with the page's own headers."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers.update(PAGE_HEADERS)
        return response


class RelayApp:
    """An ASGI application. WebSockets go past the framework: an idle one costs less than half so.

    Alone, its lifespan starts and stops the gateway. Mounted by `mount_on`, the other application's lifespan does;
    mounted by that application's own means, the first request starts it.
    """

    def __init__(self, settings: Settings) -> None:
        self.gateway = Gateway(settings)
        self._live = LiveSocket(self.gateway)
        self._http = _http_app(self.gateway, self.lifespan)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._http(scope, receive, send)
            return
        await self.gateway.start()
        if scope["type"] == "websocket" and scope["path"].removeprefix(scope.get("root_path", "")) == LIVE:
            await self._live(scope, receive, send)
        else:
            await self._http(scope, receive, send)

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


def _http_app(gateway: Gateway, lifespan: Any) -> FastAPI:
    app = FastAPI(title="Tailrace", summary="Live logs and their history.", lifespan=lifespan, redoc_url=None)
    install_problems(app)
    app.include_router(rest_router(gateway))
    app.include_router(event_router(gateway))

    @app.get("/", include_in_schema=False)
    async def page() -> Response:
        return FileResponse(STATIC / "index.html", headers=PAGE_HEADERS)

    app.mount("/static", PageFiles(directory=STATIC, check_dir=False))
    origins = list(gateway.settings.allowed_origins)
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "HEAD", "POST", "PUT", "DELETE"],
            allow_headers=["Last-Event-ID", "Cache-Control", "Content-Type", "Content-Encoding", "Idempotency-Key"],
            expose_headers=["Retry-After"],
            max_age=PREFLIGHT_AGE,
        )
    return app
