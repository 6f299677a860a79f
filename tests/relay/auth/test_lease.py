"""Connections that outlive their tokens."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.e2e.gateways import GatewayThread
from tests.relay.auth.signing import OTHER_SECRET, SECRET, signed
from tests.relay.auth.ways import TIMEOUT, bearer
from tests.servers import RedisServer

pytestmark = pytest.mark.anyio

# Seconds; a token's times are whole ones.
SOON = 1


@pytest.fixture(scope="module")
def gateway(redis_server: RedisServer) -> Iterator[GatewayThread]:
    found = GatewayThread(redis_server.url, "test-lease", token_key=SECRET, token_leeway=0, token_grace=1)
    found.start()
    yield found
    found.stop()


def short(**claims: Any) -> str:
    return signed(exp=int(time.time()) + 1 + SOON, **claims)


@pytest.fixture
async def client(gateway: GatewayThread) -> AsyncIterator[ClientConnection]:
    """Whose token will expire soon."""
    address = gateway.url.replace("http", "ws") + "/api/live?streams=api"
    async with connect(address, additional_headers=bearer(short())) as found:
        yield found


async def told(client: ClientConnection, *, state: str = "", code: str = "") -> dict[str, Any]:
    """The next message that says so."""
    while True:
        message: dict[str, Any] = json.loads(await client.recv())
        if (state and message.get("state") == state) or (code and message.get("code") == code):
            return message


async def test_a_client_is_told_and_some_time_later_sent_away(client: ClientConnection) -> None:
    await told(client, state="token_expired")
    await client.wait_closed()
    assert client.close_code == 4001
    assert "cursor" in (client.close_reason or "")


async def test_another_token_keeps_it(client: ClientConnection) -> None:
    await told(client, state="token_expired")
    expires = int(time.time()) + 600
    await client.send(json.dumps({"type": "token", "token": signed(exp=expires)}))
    assert (await told(client, state="token_accepted"))["expires"] == expires
    # It would have ended after a second: the heartbeat comes later than that.
    while json.loads(await client.recv())["type"] != "heartbeat":
        pass


async def test_a_token_that_is_not_good_does_not_help(client: ClientConnection) -> None:
    await client.send(json.dumps({"type": "token", "token": signed(OTHER_SECRET)}))
    await told(client, code="unauthorized")
    await client.send(json.dumps({"type": "token", "token": 5}))
    await told(client, code="bad_request")
    await client.wait_closed()
    assert client.close_code == 4001


@pytest.mark.parametrize("claims", [{"streams": ["*"]}, {"query": "level:error"}, {"sub": "somebody else"}])
async def test_a_token_for_other_things_is_for_another_connection(
    client: ClientConnection, claims: dict[str, Any]
) -> None:
    await told(client, state="live")
    await client.send(json.dumps({"type": "token", "token": signed(**claims)}))
    await client.wait_closed()
    assert client.close_code == 4001


async def test_a_token_that_is_good_by_the_leeway_alone_is_told_of_after_the_greeting(
    redis_server: RedisServer, prefix: str
) -> None:
    gateway = GatewayThread(redis_server.url, prefix, token_key=SECRET, token_leeway=60, token_grace=1)
    gateway.start()
    try:
        address = gateway.url.replace("http", "ws") + "/api/live?streams=api"
        async with connect(address, additional_headers=bearer(signed(exp=int(time.time()) - 5))) as client:
            assert json.loads(await client.recv())["type"] == "hello"
            await told(client, state="token_expired")
    finally:
        gateway.stop()


async def test_an_event_stream_says_so_and_ends(gateway: GatewayThread) -> None:
    async with (
        httpx.AsyncClient(timeout=TIMEOUT, verify=False) as http,
        http.stream("GET", f"{gateway.url}/api/live/events?streams=api", headers=bearer(short())) as answer,
    ):
        lines = [line async for line in answer.aiter_lines()]
    assert any("token_expired" in line for line in lines)
    again = httpx.get(f"{gateway.url}/api/live/events?streams=api", headers=bearer(signed(exp=1)), verify=False)
    assert again.status_code == 401


async def test_where_no_token_is_needed_any_is_accepted(redis_server: RedisServer, prefix: str) -> None:
    gateway = GatewayThread(redis_server.url, prefix)
    gateway.start()
    try:
        address = gateway.url.replace("http", "ws") + "/api/live?streams=api&token=whatever"
        async with connect(address) as client:
            await client.send(json.dumps({"type": "token", "token": "whatever"}))
            await told(client, state="token_accepted")
    finally:
        gateway.stop()
