from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from tailrace_relay.app import create_app
from tailrace_relay.settings import Settings
from tests.servers import Server


@pytest.fixture
async def api(any_redis: Server, prefix: str) -> AsyncIterator[httpx.AsyncClient]:
    """A gateway's REST interface, without a socket between."""
    app = create_app(Settings(url=any_redis.url, prefix=prefix))
    async with (
        app.lifespan(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
    ):
        yield client
