from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import uvicorn

from tailrace.wire import Keys
from tailrace_relay.app import create_app
from tailrace_relay.gateway import Gateway
from tailrace_relay.http_protocol import HttpProtocol
from tailrace_relay.settings import Settings
from tests.relay.asgi_server import port_of, serving
from tests.relay.dialects.front_end import FrontEnd, front_end
from tests.relay.dialects.journal import Journal
from tests.relay.live import ready
from tests.servers import HOST, RedisServer


@dataclass
class Relay:
    """A gateway with all dialects, on real sockets and a real Redis."""

    server: uvicorn.Server
    gateway: Gateway

    @property
    def url(self) -> str:
        return f"http://{HOST}:{port_of(self.server)}"

    def connect(self, target: str, **options: Any) -> FrontEnd:
        """A WebSocket: `async with relay.connect("/ws/logs") as front_end`."""
        return front_end(f"ws://{HOST}:{port_of(self.server)}{target}", **options)


@pytest.fixture
def journal(redis_server: RedisServer, prefix: str) -> Iterator[Journal]:
    with redis_server.client() as client:
        yield Journal(client, Keys(prefix))


@pytest.fixture(params=["ours"])
def websocket_server(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What serves WebSockets; a module may have its tests run on any ASGI server's, too."""
    return {} if request.param == "ours" else {"ws": "websockets-sansio"}


@pytest.fixture
async def relay(redis_server: RedisServer, prefix: str, websocket_server: dict[str, Any]) -> AsyncIterator[Relay]:
    app = create_app(Settings(url=redis_server.url, prefix=prefix, dialects=("all",)))
    async with serving(app, lifespan="on", http=HttpProtocol, **websocket_server) as server:
        await ready(app.gateway)
        yield Relay(server, app.gateway)


@pytest.fixture
async def http(relay: Relay) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=relay.url, timeout=20.0) as client:
        yield client
