"""How much one may ask, and what happens beyond."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from tailrace.wire import Keys
from tailrace_relay.errors import TooMany
from tailrace_relay.limits import BURST, MOST_COUNTED, Bucket, Limits, network_of
from tailrace_relay.settings import Settings
from tests.e2e.gateways import GatewayThread
from tests.relay.auth.signing import SECRET, signed
from tests.relay.auth.ways import TIMEOUT, bearer
from tests.relay.live import Log
from tests.relay.rest.test_records import append, record
from tests.servers import RedisServer, wait_for_async


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_admits_its_rate_and_some_seconds_worth_at_once() -> None:
    bucket = Bucket(5, 0.0)
    assert [bucket.take(0.0) for _ in range(5 * BURST)] == [0.0] * 5 * BURST
    assert bucket.take(0.0) == pytest.approx(0.2)
    assert bucket.take(0.2) == 0.0
    assert bucket.take(0.3) == pytest.approx(0.1)
    # However long nobody asks, no more than that comes at once.
    assert [bucket.take(1e6) for _ in range(5 * BURST)] == [0.0] * 5 * BURST
    assert bucket.take(1e6) > 0


def test_a_rate_of_none_admits_all() -> None:
    bucket = Bucket(0, 0.0)
    assert not any(bucket.take(0.0) for _ in range(10_000))


def test_each_address_and_each_token_has_its_own_count() -> None:
    limits = Limits(Settings(limit_address_requests=1, limit_token_requests=1), Clock())
    for kind, who in (("address", "a"), ("address", "b"), ("token", "a")):
        for _ in range(BURST):
            limits.request(kind, who)
        with pytest.raises(TooMany) as caught:
            limits.request(kind, who)
        assert caught.value.retry_after == 1
    assert limits.refused == 3
    limits.request("token", "")


def test_who_is_counted_is_bounded() -> None:
    limits = Limits(Settings(limit_address_requests=1), Clock())
    for number in range(MOST_COUNTED + 100):
        limits.request("address", str(number))
    assert len(limits._buckets) == MOST_COUNTED


def test_connections_are_counted_while_they_are_open() -> None:
    limits = Limits(Settings(limit_address_connections=2, limit_token_connections=1))
    first = limits.open("a", "t")
    with pytest.raises(TooMany):
        limits.open("a", "t")
    limits.open("a", "other")
    with pytest.raises(TooMany):
        limits.open("a", "third")
    first.close()
    limits.open("a", "t")
    assert limits.refused == 2


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("no:address", "no:address"),
        ("", ""),
    ],
)
def test_addresses_of_one_network_are_one(address: str, counted_as: str) -> None:
    assert network_of(address) == counted_as


@contextmanager
def gateway_with(redis: RedisServer, prefix: str, **settings: Any) -> Iterator[GatewayThread]:
    gateway = GatewayThread(redis.url, prefix, **({"token_key": SECRET} | settings))
    gateway.start()
    try:
        yield gateway
    finally:
        gateway.stop()


def get(gateway: GatewayThread, path: str, token: str) -> httpx.Response:
    return httpx.get(gateway.url + path, headers=bearer(token), timeout=TIMEOUT, verify=False)


def test_too_many_requests_are_answered_with_when_to_come_again(redis_server: RedisServer, prefix: str) -> None:
    with gateway_with(redis_server, prefix, limit_token_requests=1) as gateway:
        answers = [get(gateway, "/api/streams", signed(sub="ada")) for _ in range(BURST * 3)]
        refused = next(answer for answer in answers if answer.status_code != 200)
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.headers["content-type"] == "application/problem+json"
        assert get(gateway, "/api/streams", signed(sub="ben")).status_code == 200


@pytest.mark.anyio
@pytest.mark.parametrize("limit", [{"limit_token_connections": 2}, {"limit_address_connections": 2}])
async def test_too_many_connections_are_sent_away_with_when_to_come_again(
    redis_server: RedisServer, prefix: str, limit: dict[str, int]
) -> None:
    with gateway_with(redis_server, prefix, **limit) as gateway:
        address = gateway.url.replace("http", "ws") + "/api/live?streams=api"
        events = f"{gateway.url}/api/live/events?streams=api"
        async with connect(address, additional_headers=bearer(signed(sub="ada"))) as first:
            await first.recv()
            async with (
                httpx.AsyncClient(timeout=TIMEOUT, verify=False) as client,
                client.stream("GET", events, headers=bearer(signed(sub="ada"))) as stream,
            ):
                texts = stream.aiter_text()  # the stream ends with whoever reads it
                assert "hello" in await anext(texts)
                async with connect(address, additional_headers=bearer(signed(sub="ada"))) as third:
                    await third.wait_closed()
                    assert third.close_code == 4029
                    assert "come again in" in (third.close_reason or "")
                answer = await client.get(events, headers=bearer(signed(sub="ada")))
                assert (answer.status_code, answer.headers["retry-after"]) == (429, "10")


@pytest.mark.anyio
async def test_nobody_takes_all_downloads_and_none_outlasts_its_token(redis_server: RedisServer, prefix: str) -> None:
    with redis_server.client() as client:
        log = Log(client, Keys(prefix), "api")
        for _ in range(60):  # more than what a connection's buffers hold
            append(log, *(record("x" * 30_000, 1) for _ in range(10)))
    expired = int(time.time()) + 3
    with gateway_with(redis_server, prefix, limit_downloads=1, token_leeway=0, token_grace=0) as gateway:
        path = f"{gateway.url}/api/streams/api/records/download"
        async with (
            httpx.AsyncClient(timeout=TIMEOUT, verify=False) as client,
            client.stream("GET", path, headers=bearer(signed(sub="ada", exp=expired))) as first,
        ):
            parts = first.aiter_raw(1024)
            await anext(parts)
            assert (await client.get(path, headers=bearer(signed(sub="ada")))).status_code == 429
            assert (await client.get(path, headers=bearer(signed(sub="ben")))).status_code == 200
            await wait_for_async(lambda: time.time() > expired, TIMEOUT, "the token to have expired")
            with pytest.raises(httpx.RemoteProtocolError):
                _ = [part async for part in parts]


@pytest.mark.anyio
async def test_a_client_that_sends_too_much_is_sent_away(redis_server: RedisServer, prefix: str) -> None:
    with gateway_with(redis_server, prefix, limit_messages=1) as gateway:
        address = gateway.url.replace("http", "ws") + "/api/live"
        async with connect(address, additional_headers=bearer(signed())) as client:
            for _ in range(BURST + 5):
                await client.send(json.dumps({"type": "ping"}))
            await client.wait_closed()
            assert client.close_code == 4029


def test_addresses_behind_a_trusted_proxy_are_told_apart(redis_server: RedisServer, prefix: str) -> None:
    with gateway_with(redis_server, prefix, limit_address_requests=1, token_key="") as gateway:

        def statuses(address: str) -> set[int]:
            headers = {"X-Forwarded-For": address}
            answers = [httpx.get(f"{gateway.url}/api/streams", headers=headers, verify=False) for _ in range(BURST * 3)]
            return {answer.status_code for answer in answers}

        assert statuses("203.0.113.1") == {200, 429}
        assert 200 in statuses("203.0.113.2")
    with gateway_with(redis_server, prefix, limit_address_requests=1, token_key="", trusted_proxies="") as gateway:
        assert 429 in statuses("203.0.113.3")
        assert statuses("203.0.113.4") == {429}
