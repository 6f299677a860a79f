from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from tailrace_relay.app import create_app
from tailrace_relay.http_protocol import HttpProtocol
from tailrace_relay.settings import Settings
from tests.relay.asgi_server import serving
from tests.relay.dialects.conftest import Relay
from tests.relay.live import ready
from tests.servers import MakeRedisServer

pytestmark = pytest.mark.anyio


@pytest.fixture
async def relay(own_redis_server: MakeRedisServer) -> AsyncIterator[Relay]:
    """A gateway whose Redis has gone."""
    redis = own_redis_server()
    app = create_app(Settings(url=redis.url, dialects=("all",)))
    async with serving(app, lifespan="on", http=HttpProtocol) as server:
        await ready(app.gateway)
        redis.kill()
        yield Relay(server, app.gateway)


@pytest.mark.parametrize(
    "target",
    ["/ws/logs", "/ws/logs?tail=5", "/ws/monitor", "/api/logs/ws/api", "/api/logs/ws/status", "/runs/1/logs/stream"],
)
async def test_a_page_is_told_to_come_again(relay: Relay, target: str) -> None:
    async with relay.connect(target) as page:
        said = await page.until(lambda message: "Redis does not answer" in str(message))
        assert (await page.closed())[0] == 3003
    assert len(said) == (2 if target.startswith("/ws/logs") else 1)


async def test_requests_are_answered_with_a_reason(relay: Relay) -> None:
    async with httpx.AsyncClient(base_url=relay.url, timeout=20.0) as http:
        lines = await http.get("/api/logs/api")
        assert (lines.status_code, lines.json()["logs"]) == (503, [])
        assert "Redis does not answer" in lines.json()["error"]
        for path in (
            "/api/logs",
            "/runs/1/logs",
            "/runs/1/logs/latest",
            "/runs/1/logs/summary",
            "/runs/1/logs/download",
            "/api/monitoring/advanced/logs/stream",
        ):
            answer = await http.get(path)
            assert answer.status_code == 503, path
            assert answer.headers["retry-after"]
            assert "Redis does not answer" in answer.json()["detail"]
        assert (await http.post("/runs/1/logs", json={"message": "x"})).status_code == 503


async def test_a_page_is_told_where_to_go_when_the_gateway_ends(own_redis_server: MakeRedisServer) -> None:
    app = create_app(Settings(url=own_redis_server().url, dialects=("all",)))
    async with (
        serving(app, lifespan="on", http=HttpProtocol) as server,
        Relay(server, app.gateway).connect("/ws/logs") as page,
    ):
        await page.next()
        server.should_exit = True
        assert (await page.closed())[0] == 3000
