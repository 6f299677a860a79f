"""Clearing a stream: its records go, its numbering goes on, and whoever listens is told, once."""

from __future__ import annotations

import asyncio

import pytest
import redis

from tailrace.wire import Keys
from tailrace_relay.clearing import CLEAR_SCRIPT, Cleared, parse_cleared
from tailrace_relay.writer import Writer
from tests.relay.live import LOST, TIMEOUT, Client, Log, gateway_on, ready, subscribe
from tests.servers import Server, wait_for_async

pytestmark = pytest.mark.anyio


def cleared_gaps(client: Client) -> list[tuple[int, int, int]]:
    """Count, and the numbers of `after` and `before`, of each."""
    gaps = [message for message in client.read() if message["type"] == "gap"]
    assert all(gap["reason"] == "cleared" for gap in gaps)
    return [(gap["count"], *(int(gap[side].split("-")[1]) for side in ("after", "before"))) for gap in gaps]


async def told(client: Client) -> None:
    await wait_for_async(lambda: client.gaps(), TIMEOUT, "the notice")


async def test_a_live_client_is_told_and_the_numbering_goes_on(any_redis: Server, any_log: Log, prefix: str) -> None:
    async with gateway_on(any_redis.url, prefix) as gateway:
        await ready(gateway)
        any_log.append(3)
        client = await (await subscribe(gateway, after="0-0")).live()
        await client.has([1, 2, 3])
        last = await gateway.writer.clear("api")
        assert last is not None
        assert last.n == 3
        await told(client)
        any_log.append(2)
        await client.has([1, 2, 3, 4, 5])
        assert cleared_gaps(client) == [(0, 3, 4)]


async def test_who_was_behind_or_comes_later_is_told_how_many_went(
    any_redis: Server, any_log: Log, prefix: str
) -> None:
    async with gateway_on(any_redis.url, prefix) as gateway:
        await ready(gateway)
        any_log.append(3)
        # The gateway remembers what it has handed out; it must forget that, too.
        witness = await (await subscribe(gateway, after="0-0")).live()
        await witness.has([1, 2, 3])
        place = witness.cursor()
        any_log.append(4)
        await witness.has(list(range(1, 8)))
        await gateway.writer.clear("api")
        await told(witness)
        any_log.append(1)
        for after, gap in (("0-0", (7, 0, 8)), (place, (4, 3, 8))):
            client = await (await subscribe(gateway, after=after)).live()
            await client.has([8])
            assert cleared_gaps(client) == [gap]
        tail = await (await subscribe(gateway, tail="10")).live()
        await tail.has([8])
        assert tail.gaps() == []


async def test_a_notice_that_is_lost_is_found_in_the_meta(any_redis: Server, any_log: Log, prefix: str) -> None:
    async with gateway_on(any_redis.url, prefix) as gateway:
        await ready(gateway)
        any_log.append(3)
        client = await (await subscribe(gateway, after="0-0")).live()
        await client.has([1, 2, 3])
        any_log.client.eval(CLEAR_SCRIPT, 2, any_log.keys.stream("api"), any_log.keys.meta("api"), LOST)
        await told(client)
        assert cleared_gaps(client) == [(0, 3, 4)]
        await asyncio.sleep(2.5)  # two more comparisons, which must not tell it again
        assert cleared_gaps(client) == [(0, 3, 4)]


async def test_records_that_went_before_they_came_are_counted(any_redis: Server, any_log: Log, prefix: str) -> None:
    async with gateway_on(any_redis.url, prefix) as gateway:
        await ready(gateway)
        any_log.append(3)
        client = await (await subscribe(gateway, after="0-0")).live()
        await client.has([1, 2, 3])
        any_log.append(2, publish=LOST)
        await gateway.writer.clear("api")
        await told(client)
        any_log.append(1)
        await client.has([1, 2, 3, 6])
        assert cleared_gaps(client) == [(2, 3, 6)]


async def test_a_stream_that_was_cleared_before_anybody_listened_is_as_any_other(
    any_redis: Server, any_log: Log, prefix: str
) -> None:
    async with gateway_on(any_redis.url, prefix) as gateway:
        await ready(gateway)
        any_log.append(3)
        await gateway.writer.clear("api")
        client = await (await subscribe(gateway)).live()
        any_log.append(1)
        await client.has([4])
        assert client.gaps() == []


async def test_a_stream_that_began_anew_can_be_cleared_again(any_redis: Server, any_log: Log, prefix: str) -> None:
    async with gateway_on(any_redis.url, prefix) as gateway:
        await ready(gateway)
        any_log.append(30)
        client = await (await subscribe(gateway, after="0-0")).live()
        await gateway.writer.clear("api")
        await wait_for_async(lambda: client.gaps() == ["cleared"], TIMEOUT, "the notice")
        await gateway.writer.remove("api")
        Log(any_log.client, any_log.keys).append(5)
        await wait_for_async(lambda: client.gaps() == ["cleared", "epoch"], TIMEOUT, "the new numbering")
        await wait_for_async(lambda: len(client.records()) >= 35, TIMEOUT, "its records")
        await gateway.writer.clear("api")
        await wait_for_async(lambda: client.gaps() == ["cleared", "epoch", "cleared"], TIMEOUT, "the second notice")


async def test_there_is_nothing_to_clear_without_a_stream(
    any_redis: Server, any_client: redis.Redis, prefix: str
) -> None:
    async with gateway_on(any_redis.url, prefix) as gateway:
        assert await gateway.writer.clear("api") is None
        assert isinstance(gateway.writer, Writer)
    assert any_client.exists(Keys(prefix).meta("api")) == 0


@pytest.mark.parametrize(
    ("payload", "notice"),
    [
        (b"cleared 7 4f1c", Cleared(7, "4f1c")),
        (b"cleared 7", None),
        (b"cleared x 4f1c", None),
        (b"cleared 7 4f1c\n", None),
        (b"cleared 11111111111111111 4f1c", None),
        (b"1-1 4f1c 0\n", None),
    ],
)
def test_a_notice_is_read_or_is_none(payload: bytes, notice: Cleared | None) -> None:
    assert parse_cleared(payload) == notice
