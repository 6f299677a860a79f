"""Other paths than those of the interface itself come through as well."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from tests.deploy.front import SOON, running_front
from tests.servers import RedisServer


@pytest.mark.anyio
async def test_a_dialects_websocket_and_event_stream_deliver(
    installed_nginx: str, redis_server: RedisServer, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAILRACE_DIALECTS", "all")
    with running_front(redis_server, prefix, tmp_path) as front:
        async with connect(f"{front.url.replace('http', 'ws')}/ws/logs", proxy=None) as socket:
            assert "Connected to server log stream" in str(await socket.recv())
            async with httpx.AsyncClient(verify=False, timeout=SOON) as client:
                await client.post(f"{front.url}/api/test/logs")
                assert "Test" in str(await socket.recv())
                events = client.stream("GET", f"{front.url}/api/monitoring/advanced/logs/stream")
                async with events as answer:
                    assert "Test" in await anext(answer.aiter_text())
