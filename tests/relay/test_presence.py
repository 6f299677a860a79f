"""Presence, the relay's side: agents are listed with their state; what is no announcement is passed over."""

from __future__ import annotations

import json

import httpx
import pytest
import redis

from tailrace.wire import Keys
from tailrace.wire.presence import REMEMBERED, Announcement, announce_commands
from tailrace_relay.app import create_app
from tailrace_relay.history import History
from tailrace_relay.settings import Settings
from tests.servers import Server

pytestmark = pytest.mark.anyio


def announce(client: redis.Redis, prefix: str, instance: str, at: int, *, ended: bool = False) -> None:
    said = Announcement(instance=instance, service="api", host="h", pid=7, version="1", started=at, at=at, ended=ended)
    for command in announce_commands(Keys(prefix), said):
        client.execute_command(*command)  # type: ignore[no-untyped-call]


async def test_agents_are_listed_the_last_to_speak_first(
    any_client: redis.Redis, history: History, prefix: str
) -> None:
    now = await history.now()
    announce(any_client, prefix, "aa", now - 1000)
    announce(any_client, prefix, "bb", now)
    assert [each.instance for each in await history.announcements()] == ["bb", "aa"]


async def test_what_has_long_been_silent_is_forgotten(any_client: redis.Redis, history: History, prefix: str) -> None:
    now = await history.now()
    announce(any_client, prefix, "old", now - REMEMBERED - 1)
    announce(any_client, prefix, "new", now)
    assert [each.instance for each in await history.announcements()] == ["new"]
    assert any_client.zcard(Keys(prefix).agents) == 1


async def test_what_is_no_announcement_is_passed_over(any_client: redis.Redis, history: History, prefix: str) -> None:
    announce(any_client, prefix, "aa", await history.now())
    keys = Keys(prefix)
    any_client.zadd(keys.agents, {"bad": 1, "gone": 2, "wrong": 3})
    any_client.set(keys.agent("bad"), json.dumps({"pid": "x"}))
    any_client.lpush(keys.agent("wrong"), "x")
    assert [each.instance for each in await history.announcements()] == ["aa"]


async def test_the_gateway_tells_their_state(any_redis: Server, any_client: redis.Redis, prefix: str) -> None:
    app = create_app(Settings(url=any_redis.url, prefix=prefix))
    async with (
        app.lifespan(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
    ):
        seconds, micros = any_client.time()
        now = int(seconds) * 1000 + int(micros) // 1000
        announce(any_client, prefix, "aa", now)
        announce(any_client, prefix, "bb", now - 20_000)
        announce(any_client, prefix, "cc", now - 30_000, ended=True)
        agents = (await client.get("/api/agents")).json()["agents"]
    assert [(each["instance"], each["state"]) for each in agents] == [
        ("aa", "running"),
        ("bb", "lost"),
        ("cc", "exited"),
    ]
    assert agents[0].keys() >= {"service", "host", "pid", "version", "started", "streams", "emitted", "lag"}
