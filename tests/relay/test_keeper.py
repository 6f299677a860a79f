"""Streams keep to their limits, also while nothing is appended; runs long over leave nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import redis

from tailrace.wire import DEFAULT_AGE, Keys
from tailrace_relay.gateway import Gateway
from tailrace_relay.retention import Limits
from tests.relay.live import Log, gateway_on
from tests.servers import Server

pytestmark = pytest.mark.anyio

DAY = 86_400_000


@pytest.fixture
async def gateway(any_redis: Server, prefix: str) -> AsyncIterator[Gateway]:
    async with gateway_on(any_redis.url, prefix) as gateway:
        yield gateway


def numbers(log: Log) -> list[int]:
    """The number of each frame kept."""
    entries: Any = log.client.xrange(log.keys.stream(log.name))
    return [int(id.split(b"-")[1]) for id, _ in entries]


def make_older(log: Log, ms: int) -> None:
    """As if the stream had been written so long ago: its entries get earlier IDs."""
    key, meta = log.keys.stream(log.name), log.keys.meta(log.name)
    entries: Any = log.client.xrange(key)
    log.client.delete(key)
    for id, fields in entries:
        at, n = id.decode().split("-")
        log.client.xadd(key, fields, id=f"{int(at) - ms}-{n}")
    last: Any = log.client.hget(meta, "ms")
    log.client.hset(meta, "ms", int(last) - ms)


async def size_of(gateway: Gateway, log: Log) -> int:
    meta = (await gateway.history.metas([log.name]))[log.name]
    assert meta is not None
    return meta.size


async def test_a_quiet_stream_loses_what_is_too_old(gateway: Gateway, any_log: Log) -> None:
    for _ in range(3):
        any_log.append(2)
    make_older(any_log, 2 * DAY)
    await gateway.keeper.visit()
    assert numbers(any_log) == [2, 4, 6]
    await gateway.keeper.set("a*", Limits(age=DAY))
    assert numbers(any_log) == []
    assert await size_of(gateway, any_log) == 0
    any_log.append(1)
    assert numbers(any_log) == [7]


async def test_a_quiet_stream_loses_what_is_too_much(gateway: Gateway, any_log: Log) -> None:
    for _ in range(50):
        any_log.append(1)
    before = await size_of(gateway, any_log)
    await gateway.keeper.set("api", Limits(bytes=before // 2))
    kept = numbers(any_log)
    assert 15 <= len(kept) <= 25
    assert kept == list(range(51 - len(kept), 51))
    assert 0 < await size_of(gateway, any_log) <= before // 2


async def test_the_newest_frame_is_kept_however_small_the_limit(gateway: Gateway, any_log: Log) -> None:
    for _ in range(3):
        any_log.append(1)
    await gateway.keeper.set("api", Limits(bytes=1))
    assert numbers(any_log) == [3]


async def test_what_is_appended_later_keeps_to_the_limit_by_itself(gateway: Gateway, any_log: Log) -> None:
    any_log.append(1)
    one = await size_of(gateway, any_log)
    await gateway.keeper.set("api", Limits(bytes=5 * one))
    for _ in range(20):
        any_log.append(1)
    assert len(numbers(any_log)) <= 5


async def test_limits_that_are_taken_back_leave_the_default(gateway: Gateway, any_log: Log) -> None:
    any_log.append(1)
    assert await gateway.keeper.set("api", Limits(5, 6)) is False
    meta = any_log.keys.meta("api")
    assert any_log.client.hmget(meta, "age", "bytes") == [b"5", b"6"]
    assert await gateway.keeper.set("api", Limits(0, 0)) is True
    assert await gateway.keeper.set("api", None) is True
    assert any_log.client.hmget(meta, "age", "bytes") == [None, None]
    assert await gateway.keeper.set("api", None) is False


async def test_a_run_that_is_long_over_leaves_nothing(gateway: Gateway, any_client: redis.Redis, prefix: str) -> None:
    keys = Keys(prefix)
    logs = {name: Log(any_client, keys, name) for name in ("run:old", "run:new", "old")}
    for log in logs.values():
        log.append(1)
    for name in ("run:old", "old", "run:new"):
        any_client.zincrby(keys.streams, -DEFAULT_AGE - 60_000, name)
    for name in ("run:old", "old"):  # the third one was written to since the list of streams was
        make_older(logs[name], DEFAULT_AGE + 60_000)
    await gateway.keeper.visit()
    assert {name for name, _ in await gateway.history.streams()} == {"run:new", "old"}
    left = [key for key in any_client.scan_iter(f"{prefix}:*") if b"run:old" in key]
    assert all(b":p:" in key and any_client.ttl(key) > 0 for key in left), "only marks, which expire"
    assert any_client.exists(keys.meta("old")) == 1


async def test_a_key_of_a_wrong_type_concerns_its_own_stream_alone(
    gateway: Gateway, any_log: Log, any_client: redis.Redis, prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    keys = Keys(prefix)
    any_client.zadd(keys.streams, {"bad": 9_999_999_999_999})
    any_client.set(keys.stream("bad"), "x")
    for _ in range(3):
        any_log.append(1)
    await gateway.keeper.set("api", Limits(bytes=1))
    assert numbers(any_log) == [3]
    assert "stream bad cannot be kept to its limits" in caplog.text
