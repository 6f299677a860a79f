"""The status of services, live: the whole state first, then what changes, over WebSocket, SSE and as JSON."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import redis
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tailrace_relay import status
from tailrace_relay.app import RelayApp, create_app
from tailrace_relay.auth import Action, Grant
from tailrace_relay.settings import Settings
from tailrace_relay.status import SERVICES, View
from tests.relay.announcing import announce, forget, now_of, said
from tests.relay.asgi_server import port_of, serving, url_of
from tests.relay.told import MemoryOutbox
from tests.servers import HOST, MakeRedisServer, Server, wait_for_async

pytestmark = pytest.mark.anyio

# Seconds; nobody waits longer than it takes.
TIMEOUT = 30.0


@pytest.fixture(autouse=True)
def sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "LOOK", 0.02)


@asynccontextmanager
async def gateway_on(url: str, prefix: str) -> AsyncIterator[tuple[RelayApp, uvicorn.Server]]:
    app = create_app(Settings(url=url, prefix=prefix))
    async with serving(app, lifespan="on") as server:
        yield app, server


async def state_from(client: ClientConnection, state: str) -> dict[str, Any]:
    """The next message of this state; heartbeats and others before it are passed over."""
    while True:
        message: dict[str, Any] = json.loads(await client.recv())
        if message.get("state") == state:
            return message


def names(message: dict[str, Any]) -> list[str]:
    return [service["service"] for service in message["services"]]


async def test_a_client_is_told_all_services_and_then_only_what_changes(
    any_redis: Server, any_client: redis.Redis, prefix: str
) -> None:
    now = now_of(any_client)
    announce(any_client, prefix, said("a", service="api", at=now))
    announce(any_client, prefix, said("b", service="mail", at=now))
    async with gateway_on(any_redis.url, prefix) as (_, server), connect(url_of(server, "/api/status")) as client:
        first = json.loads(await client.recv())
        assert (first["type"], first["state"], names(first)) == ("status", "services", ["api", "mail"])
        announce(any_client, prefix, said("a", service="api", at=now, lag=60_000))
        change = await state_from(client, "changed")
        assert (names(change), change["removed"]) == (["api"], [])
        assert (change["services"][0]["health"], change["services"][0]["reasons"]) == ("degraded", ["behind"])
        forget(any_client, prefix, "b")
        change = await state_from(client, "changed")
        assert (names(change), change["removed"]) == ([], ["mail"])


async def test_one_look_serves_all_clients_and_nobody_looks_when_nobody_listens(
    any_redis: Server, any_client: redis.Redis, prefix: str
) -> None:
    announce(any_client, prefix, said("a", at=now_of(any_client)))
    async with gateway_on(any_redis.url, prefix) as (app, server):
        watch = app.gateway.status
        assert watch.looks == 0
        address = url_of(server, "/api/status")
        async with connect(address) as one, connect(address) as two, connect(address) as three:
            for client in (one, two, three):
                await state_from(client, "services")
            looks = watch.looks
            await wait_for_async(lambda: watch.looks > looks + 3, TIMEOUT, "more looks")
            announce(any_client, prefix, said("a", at=now_of(any_client), lag=60_000))
            changes = [await state_from(client, "changed") for client in (one, two, three)]
            assert changes[0] == changes[1] == changes[2]
        await wait_for_async(lambda: not watch.watches, TIMEOUT, "the end of the watch")
        looks = watch.looks
        async with connect(address) as client:
            await state_from(client, "services")
        assert watch.looks > looks


async def test_the_same_is_an_event_stream_and_json(any_redis: Server, any_client: redis.Redis, prefix: str) -> None:
    announce(any_client, prefix, said("a", at=now_of(any_client)))
    async with (
        gateway_on(any_redis.url, prefix) as (_, server),
        httpx.AsyncClient(base_url=f"http://{HOST}:{port_of(server)}", timeout=TIMEOUT) as client,
    ):
        plain = await client.get("/api/status")
        assert (plain.headers["vary"], plain.headers["content-type"]) == ("Accept", "application/json")
        services = (await client.get("/api/services")).json()["services"]
        assert plain.json() == {"type": "status", "state": "services", "services": services}
        async with client.stream("GET", "/api/status", headers={"Accept": "text/event-stream"}) as answer:
            assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
            lines = answer.aiter_lines()
            assert [await anext(lines), await anext(lines)] == ["event: status", f"data: {plain.text}"]
            announce(any_client, prefix, said("b", service="mail", at=now_of(any_client)))
            data = [line async for line in _until(lines, "changed")][-1]
            assert names(json.loads(data.removeprefix("data: "))) == ["mail"]


async def _until(lines: AsyncIterator[str], text: str) -> AsyncIterator[str]:
    async for line in lines:
        yield line
        if text in line:
            return


async def test_redis_away_is_told_and_its_return_too(own_redis_server: MakeRedisServer, prefix: str) -> None:
    server = own_redis_server()
    client = server.client()
    announce(client, prefix, said("a", at=now_of(client)))
    async with gateway_on(server.url, prefix) as (_, gateway), connect(url_of(gateway, "/api/status")) as listener:
        await state_from(listener, "services")
        server.kill()
        assert await state_from(listener, "unavailable") == {"type": "status", "state": "unavailable"}
        server.start()
        assert (await state_from(listener, "services"))["services"] == []


async def test_who_comes_while_redis_is_away_is_told_to_come_again(
    own_redis_server: MakeRedisServer, prefix: str
) -> None:
    server = own_redis_server()
    async with gateway_on(server.url, prefix) as (_, gateway):
        server.kill()
        async with connect(url_of(gateway, "/api/status")) as client:
            assert json.loads(await client.recv())["code"] == "unavailable"
            with pytest.raises(ConnectionClosed) as ended:
                await client.recv()
            assert ended.value.rcvd is not None
            assert ended.value.rcvd.code == 3003
        async with httpx.AsyncClient(base_url=f"http://{HOST}:{port_of(gateway)}", timeout=TIMEOUT) as http:
            for accept in ("text/event-stream", "application/json"):
                answer = await http.get("/api/status", headers={"Accept": accept})
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_there_is_nothing_to_subscribe_to_and_a_ping_is_answered(
    any_redis: Server, any_client: redis.Redis, prefix: str
) -> None:
    async with gateway_on(any_redis.url, prefix) as (_, server), connect(url_of(server, "/api/status")) as client:
        assert (await state_from(client, "services"))["services"] == []
        await client.send('{"type":"subscribe","streams":"api"}')
        refusal = json.loads(await client.recv())
        assert (refusal["type"], refusal["parameter"]) == ("error", "type")
        await client.send('{"type":"ping"}')
        assert json.loads(await client.recv()) == {"type": "pong"}
        await client.send("[]")
        with pytest.raises(ConnectionClosed) as ended:
            await client.recv()
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == 3500


async def test_the_routes_are_described(any_redis: Server, prefix: str) -> None:
    async with (
        gateway_on(any_redis.url, prefix) as (_, server),
        httpx.AsyncClient(base_url=f"http://{HOST}:{port_of(server)}", timeout=TIMEOUT) as client,
    ):
        paths = (await client.get("/openapi.json")).json()["paths"]
    assert paths.keys() >= {"/api/services", "/api/status", "/api/streams/{stream}/records/search"}
    assert paths["/api/status"]["get"]["responses"]["200"]["content"].keys() == {
        "application/json",
        "text/event-stream",
    }


async def test_each_view_has_a_board_of_its_own(any_redis: Server, any_client: redis.Redis, prefix: str) -> None:
    now = now_of(any_client)
    announce(any_client, prefix, said("a", service="api", at=now, streams=("api",)))
    announce(any_client, prefix, said("b", service="mail", at=now, streams=("mail",)))
    async with gateway_on(any_redis.url, prefix) as (app, _):
        all_of_it, part = MemoryOutbox(), MemoryOutbox()
        watch = app.gateway.status
        everybody = await watch.listen(all_of_it, View())
        somebody = await watch.listen(part, View(SERVICES, Grant(("mail",), frozenset({Action.READ}))))
        assert names(all_of_it.read()[0]) == ["api", "mail"]
        assert names(part.read()[0]) == ["mail"]
        everybody.leave()
        somebody.leave()
        somebody.leave()
