from __future__ import annotations

import asyncio
import json
import random
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from tailrace.wire import Keys
from tests.e2e.clients import SOCKET_OPTIONS
from tests.e2e.conftest import MakeGatewayThread
from tests.e2e.gateways import GatewayThread
from tests.relay.dialects.journal import Journal, record
from tests.servers import HOST, RedisServer, wait_for_async

pytestmark = pytest.mark.anyio

# Seconds; nobody waits longer than it takes.
TIMEOUT = 60.0

# Records of a thousand bytes: several times what the kernels and the gateway hold for a client.
RECORDS = 24_000
BATCH = 100


@pytest.fixture
def journal(redis_server: RedisServer, prefix: str) -> Iterator[Journal]:
    with redis_server.client() as client:
        yield Journal(client, Keys(prefix))


@pytest.fixture
def gateway(redis_server: RedisServer, gateway_thread: MakeGatewayThread) -> GatewayThread:
    return gateway_thread(redis_server.url, dialects=("all",))


async def page_of(gateway: GatewayThread, target: str) -> ClientConnection:
    """A page that holds few messages: what it does not read stays in the socket."""
    sock = socket.socket()
    sock.setblocking(False)
    for option in SOCKET_OPTIONS:
        sock.setsockopt(*option)
    await asyncio.get_running_loop().sock_connect(sock, (HOST, gateway.port))
    url = f"ws://{HOST}:{gateway.port}{target}"
    return await connect(url, sock=sock, compression=None, max_size=None, max_queue=2, ping_interval=None, proxy=None)


def write(journal: Journal, stream: str, begin: int, end: int) -> None:
    for n in range(begin, end, BATCH):
        # Noise, which does not compress: what is in Redis is about what is on the wire.
        records = [record(f"{i} {random.randbytes(500).hex()}") for i in range(n, n + BATCH)]
        journal.write(stream, *records, service="shop")


@pytest.mark.parametrize(
    ("target", "stream"),
    [
        ("/ws/logs", "api"),
        ("/ws/monitor", "api"),
        ("/api/logs/ws/shop?tail=1", "api"),
        ("/runs/1/logs/stream", "run:1"),
    ],
)
async def test_a_slow_page_gets_each_record_once_and_in_order(
    gateway: GatewayThread, journal: Journal, target: str, stream: str
) -> None:
    journal.announce("shop")
    counters = gateway.gateway.hub.counters
    page = await page_of(gateway, target)
    try:
        await wait_for_async(lambda: members(gateway) == 1, TIMEOUT, "the page to be live")
        await asyncio.to_thread(write, journal, stream, 0, RECORDS)
        await wait_for_async(lambda: counters.fell_behind == 1, TIMEOUT, "the page to fall behind")
        found: list[int] = []
        # While it reads, more comes.
        more = asyncio.create_task(asyncio.to_thread(write, journal, stream, RECORDS, RECORDS + 2_000))
        async with asyncio.timeout(TIMEOUT):
            while len(found) < RECORDS + 2_000:
                found += numbers(json.loads(await page.recv()))
        await more
        assert found == list(range(RECORDS + 2_000))
        await wait_for_async(lambda: members(gateway) == 1, TIMEOUT, "the page to be live again")
        await asyncio.to_thread(write, journal, stream, 0, BATCH)
        async with asyncio.timeout(TIMEOUT):
            assert [numbers(json.loads(await page.recv())) for _ in range(BATCH)] == [[n] for n in range(BATCH)]
    finally:
        page.transport.abort()


async def test_all_pages_of_a_kind_share_one_evaluation_and_one_encoding(
    gateway: GatewayThread, journal: Journal
) -> None:
    counters = gateway.gateway.hub.counters
    pages = [await page_of(gateway, "/ws/logs") for _ in range(20)]
    try:
        await wait_for_async(lambda: members(gateway) == 20, TIMEOUT, "all to be live")
        before = counters.evaluations, counters.encodings
        journal.write("api", *(record(f"{n} x") for n in range(50)))
        async with asyncio.timeout(TIMEOUT):
            for page in pages:
                found: list[int] = []
                while len(found) < 50:
                    found += numbers(json.loads(await page.recv()))
                assert found == list(range(50))
        assert (counters.evaluations, counters.encodings) == (before[0] + 1, before[1] + 1)
    finally:
        for page in pages:
            page.transport.abort()


def members(gateway: GatewayThread) -> int:
    return sum(len(group.members) for group in list(gateway.gateway.hub.groups.values()))


def numbers(message: Any) -> list[int]:
    """What a message says in any of the dialects; nothing for a greeting. A loss would be no number."""
    data = message.get("data", message)
    text = data.get("message") or data["content"].removeprefix("INFO app.db: ")
    return [] if text.startswith("🌐") else [int(text.split(" ")[0])]
