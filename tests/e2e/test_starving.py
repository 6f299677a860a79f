"""What pub/sub loses is repaired; and a gateway that pub/sub does not reach says so."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest

from tailrace.wire import Keys
from tests.e2e.checker import check
from tests.e2e.clients import Client, EventClient, Query, WebSocketClient
from tests.e2e.conftest import MakeGatewayProcess
from tests.e2e.gateways import GatewayProcess
from tests.e2e.proxy import RedisProxy
from tests.e2e.wire_producer import WireProducer
from tests.servers import POLL_INTERVAL, RedisServer, wait_for_async

pytestmark = pytest.mark.anyio

# Seconds. Generous; what is promised is within it.
SOON = 20.0

# Seconds in which a gateway must notice that pub/sub starves.
NOTICED = 5.0


async def test_a_lost_last_message_is_repaired_though_nothing_follows(
    redis_server: RedisServer, gateway_process: MakeGatewayProcess, prefix: str, tmp_path: Path
) -> None:
    gateway = await gateway_process(redis_server.url)
    with redis_server.client() as redis:
        producer = WireProducer(redis, Keys(prefix), "api", "p")
        producer.emit(10)
        clients: list[Client] = [
            WebSocketClient("ws", [gateway.url], Query("api", after="0-0"), tmp_path),
            EventClient("sse", [gateway.url], Query("*", after="0-0"), tmp_path),
        ]
        async with clients[0], clients[1]:
            await all_reach(clients, 10)
            producer.publishes = False
            for _ in range(3):
                producer.emit(5)
                await all_reach(clients, producer.emitted)
            verdict = check([producer.emission], {c.name: c.evidence() for c in clients})
    print(f"\n{verdict}")
    assert verdict.clean
    assert all(client.losses == 0 for client in clients)


async def test_a_gateway_says_that_pubsub_starves_and_loses_nothing_by_it(
    redis_server: RedisServer, gateway_process: MakeGatewayProcess, prefix: str, tmp_path: Path
) -> None:
    async with RedisProxy(redis_server.port) as proxy, httpx.AsyncClient(verify=False) as http:
        gateway = await gateway_process(proxy.url)
        with redis_server.client() as redis:
            producer = WireProducer(redis, Keys(prefix), "api", "p")
            producer.emit(10)
            async with WebSocketClient("ws", [gateway.url], Query("api", after="0-0"), tmp_path) as client:
                await all_reach([client], 10)
                proxy.stall_pubsub()
                producer.emit(10)
                await wait_for_status(http, gateway, 503, NOTICED)
                assert (await http.get(f"{gateway.url}/api/health")).status_code == 200
                producer.emit(10)
                proxy.release_pubsub()
                await wait_for_status(http, gateway, 200, SOON)
                await all_reach([client], 30)
                verdict = check([producer.emission], {client.name: client.evidence()})
    print(f"\n{verdict}")
    assert verdict.clean
    assert client.losses == 0


async def all_reach(clients: Sequence[Client], n: int) -> None:
    await wait_for_async(lambda: all(client.reached("api") == n for client in clients), SOON, f"record {n}")


async def wait_for_status(http: httpx.AsyncClient, gateway: GatewayProcess, status: int, timeout: float) -> None:
    async def answered() -> int:
        return (await http.get(f"{gateway.url}/api/ready")).status_code

    async with asyncio.timeout(timeout):
        while await answered() != status:
            await asyncio.sleep(POLL_INTERVAL)
