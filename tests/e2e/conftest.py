from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.gateways import GatewayProcess, GatewayThread

MakeGatewayProcess = Callable[[str], Awaitable[GatewayProcess]]
MakeGatewayThread = Callable[..., GatewayThread]


@pytest.fixture
def gateway_process(tmp_path: Path, prefix: str) -> Iterator[MakeGatewayProcess]:
    """Starts gateways that belong to this test: `await gateway_process(redis_url)`."""
    started: list[GatewayProcess] = []

    async def make(redis_url: str) -> GatewayProcess:
        gateway = GatewayProcess(tmp_path, redis_url, prefix)
        started.append(gateway)
        # In a thread: its Redis may be a proxy in this event loop.
        await asyncio.to_thread(gateway.start)
        return gateway

    yield make
    for gateway in started:
        gateway.kill()


@pytest.fixture
def gateway_thread(prefix: str) -> Iterator[MakeGatewayThread]:
    """Starts gateways inside this process, whose counters can be read: `gateway_thread(redis_url, …)`."""
    started: list[GatewayThread] = []

    def make(redis_url: str, **settings: Any) -> GatewayThread:
        gateway = GatewayThread(redis_url, prefix, **settings)
        started.append(gateway)
        gateway.start()
        return gateway

    yield make
    for gateway in started:
        gateway.stop()
