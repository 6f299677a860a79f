from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import redis

from tailrace.wire import Keys
from tailrace_relay.gateway import Gateway
from tests.relay.live import LOST, TIMEOUT, Log, Proxy, gateway_on, ready, subscribe
from tests.servers import MakeRedisServer, RedisServer, wait_for_async

pytestmark = pytest.mark.anyio


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator[redis.Redis]:
    with redis_server.client() as client:
        yield client


@pytest.fixture
def log(client: redis.Redis, prefix: str) -> Log:
    return Log(client, Keys(prefix))


@pytest.fixture
async def gateway(redis_server: RedisServer, prefix: str) -> AsyncIterator[Gateway]:
    async with gateway_on(redis_server.url, prefix) as gateway:
        yield gateway


async def test_what_is_published_reaches_a_live_client(gateway: Gateway, log: Log) -> None:
    client = await (await subscribe(gateway)).live()
    log.append(2)
    log.append(1)
    await client.has([1, 2, 3])


async def test_a_run_without_faults_reads_nothing_after_the_join(gateway: Gateway, log: Log) -> None:
    log.append(1)
    client = await (await subscribe(gateway, after="0-0")).live()
    reads = gateway.history.reads
    for _ in range(20):
        log.append(2)
    await client.has(list(range(1, 42)))
    assert gateway.history.reads == reads
    assert gateway.hub.counters.repairs == 0


async def test_a_lost_message_is_repaired_by_one_read(gateway: Gateway, log: Log) -> None:
    first, second = await subscribe(gateway), await subscribe(gateway, level="DEBUG")
    await first.live()
    await second.live()
    log.append(1)
    await first.has([1])
    reads = gateway.history.reads
    log.append(1, publish=LOST)
    log.append(1)
    await first.has([1, 2, 3])
    await second.has([1, 2, 3])
    assert gateway.history.reads == reads + 1
    assert gateway.hub.counters.repairs == 1


async def test_what_comes_during_a_repair_comes_after_it(gateway: Gateway, log: Log) -> None:
    client = await (await subscribe(gateway)).live()
    for _ in range(10):
        log.append(1, publish=LOST)
        log.append(1)
        log.append(2)
    await client.has(list(range(1, 41)))


async def test_a_lost_last_message_is_found_by_comparing(gateway: Gateway, log: Log) -> None:
    client = await (await subscribe(gateway)).live()
    log.append(1)
    await client.has([1])
    log.append(2, publish=LOST)
    await client.has([1, 2, 3])


async def test_the_very_first_message_may_be_lost_too(gateway: Gateway, log: Log) -> None:
    client = await (await subscribe(gateway)).live()
    log.append(2, publish=LOST)
    await client.has([1, 2])


async def test_killed_subscriptions_lose_nothing(gateway: Gateway, log: Log) -> None:
    client = await (await subscribe(gateway)).live()
    for _ in range(10):
        log.client.client_kill_filter(_type="pubsub")
        log.append(3)
    await client.has(list(range(1, 31)))


async def test_a_restarted_redis_with_its_data_loses_nothing(own_redis_server: MakeRedisServer) -> None:
    server = own_redis_server("--appendonly", "yes", "--appendfsync", "always")
    with server.client() as connection:
        log = Log(connection, Keys())
        async with gateway_on(server.url, "tailrace") as gateway:
            client = await (await subscribe(gateway)).live()
            log.append(3)
            await client.has([1, 2, 3])
            server.kill()
            server.start()
            log.append(3)
            await client.has([1, 2, 3, 4, 5, 6])
            assert client.gaps() == []
            await ready(gateway)


async def test_a_restarted_redis_without_its_data_is_a_new_epoch(own_redis_server: MakeRedisServer) -> None:
    server = own_redis_server()
    with server.client() as connection:
        async with gateway_on(server.url, "tailrace") as gateway:
            client = await (await subscribe(gateway)).live()
            Log(connection, Keys()).append(3)
            await client.has([1, 2, 3])
            server.kill()
            server.start()
            await wait_for_async(lambda: client.gaps() == ["epoch"], TIMEOUT, "the gap")
            Log(connection, Keys()).append(2)
            await client.has([1, 2, 3, 1, 2])
            assert client.gaps() == ["epoch"]


async def test_an_emptied_redis_that_goes_on_at_once_is_a_new_epoch(own_redis_server: MakeRedisServer) -> None:
    server = own_redis_server()
    with server.client() as connection:
        async with gateway_on(server.url, "tailrace") as gateway:
            client = await (await subscribe(gateway)).live()
            Log(connection, Keys()).append(3)
            await client.has([1, 2, 3])
            connection.flushall()
            Log(connection, Keys()).append(2)
            await client.has([1, 2, 3, 1, 2])
            assert client.gaps() == ["epoch"]


async def test_a_stream_that_begins_is_given_to_a_glob_from_its_first_record(
    gateway: Gateway, client: redis.Redis, prefix: str
) -> None:
    follower = await (await subscribe(gateway, "run:*")).live()
    for _ in range(3):
        run = Log(client, Keys(prefix), "run:1")
        run.append(2)
        run.append(1)
        break
    Log(client, Keys(prefix), "other").append(1)
    await follower.has([1, 2, 3], "run:1")
    assert follower.records("other") == []


async def test_a_stream_that_somebody_names_at_its_begin_is_whole_for_a_glob(
    gateway: Gateway, client: redis.Redis, prefix: str
) -> None:
    follower = await (await subscribe(gateway, "run:*")).live()
    await ready(gateway)
    for number in range(8):
        run = Log(client, Keys(prefix), f"run:{number}")
        run.append(5)
        # Another client's subscription is faster than the gateway's own look.
        await subscribe(gateway, run.name)
        run.append(1)
        await follower.has([1, 2, 3, 4, 5, 6], run.name)


async def test_a_stream_that_begins_while_a_client_is_away_is_whole_when_it_comes_again(
    gateway: Gateway, log: Log, client: redis.Redis, prefix: str
) -> None:
    log.append(2)
    follower = await (await subscribe(gateway, "*", after="0-0")).live()
    await follower.has([1, 2])
    follower.session.leave()
    run = Log(client, Keys(prefix), "run")
    run.append(3)
    log.append(1)
    again = await (await subscribe(gateway, "*", after=follower.cursor())).live()
    await again.has([1, 2, 3], "run")
    await again.has([3])


async def test_a_stream_that_goes_on_after_a_long_rest_gives_only_what_is_new(
    gateway: Gateway, log: Log, prefix: str
) -> None:
    log.append(3)
    # As if it had been long ago: neither listed as active, nor with an entry that is younger than the last look.
    log.client.zadd(Keys(prefix).streams, {"api": 1})
    old = log.stream.raw()
    log.client.delete(log.stream.key)
    for number, (_, fields) in enumerate(old):
        log.client.xadd(log.stream.key, fields, id=f"{1_000 + number}-3")
    log.stream.set_meta(ms=1_000, born=900)
    follower = await (await subscribe(gateway, "*")).live()
    await ready(gateway)
    assert "api" not in gateway.hub.streams
    log.append(2)
    await follower.has([4, 5])


async def test_messages_of_an_older_epoch_cause_no_endless_repair(gateway: Gateway, log: Log) -> None:
    client = await (await subscribe(gateway)).live()
    log.append(1)
    await client.has([1])
    frame = log.producer.frame(2)
    for number in range(2, 6):
        log.client.publish(log.stream.key, b"1000-%d 0123456789 0\n" % number + frame)
    log.append(1)
    await client.has([1, 2])
    await wait_for_async(lambda: not gateway.hub.streams["api"].repairing, TIMEOUT, "the repair to end")
    assert gateway.hub.counters.repairs <= 4
    repairs = gateway.hub.counters.repairs
    log.append(1)
    await client.has([1, 2, 3])
    assert gateway.hub.counters.repairs == repairs
    assert client.gaps() == []


@pytest.mark.parametrize("payload", [b"", b"nonsense", b"1-1 e 0\n", b"1-1 e 0\nTR\x01\x01" + bytes(90), b"\xff" * 200])
async def test_a_damaged_message_is_passed_over_and_what_it_brought_is_read(
    gateway: Gateway, log: Log, payload: bytes
) -> None:
    client = await (await subscribe(gateway)).live()
    log.append(1, publish=LOST)
    log.client.publish(log.stream.key, payload)
    log.append(1)
    await client.has([1, 2])
    assert gateway.hub.counters.damaged == 1


async def test_a_repeated_message_is_given_once(gateway: Gateway, log: Log) -> None:
    client = await (await subscribe(gateway)).live()
    answer = log.append(2)
    await client.has([1, 2])
    head = f"{answer.id} {answer.epoch} {answer.generation}\n".encode()
    log.client.publish(log.stream.key, head + log.producer.frame(1, 2))
    log.append(1)
    await client.has([1, 2, 3])
    assert gateway.hub.counters.duplicates == 1


async def test_a_damaged_numbering_of_one_stream_does_no_harm_to_the_others(
    gateway: Gateway, log: Log, client: redis.Redis, prefix: str
) -> None:
    other = Log(client, Keys(prefix), "other")
    other.append(1)
    follower = await (await subscribe(gateway, "*")).live()
    other.stream.set_meta(gens="x:y:z nonsense 1:2")
    log.append(1)
    await follower.has([1])
    log.append(1, publish=LOST)
    await follower.has([1, 2])
    await ready(gateway)


async def test_keys_of_a_wrong_type_do_no_harm_to_other_streams(
    gateway: Gateway, log: Log, client: redis.Redis, prefix: str
) -> None:
    other = Log(client, Keys(prefix), "other")
    client.zadd(Keys(prefix).streams, {"other": other.stream.now(), "no such name!": other.stream.now()})
    client.set(other.stream.meta_key, "a text")
    client.set(other.stream.key, "a text")
    follower = await (await subscribe(gateway, "*", after="0-0")).live()
    log.append(1)
    await follower.has([1])
    log.append(1, publish=LOST)
    await follower.has([1, 2])


async def test_readiness_depends_on_messages_that_really_arrive(redis_server: RedisServer, prefix: str) -> None:
    async with Proxy(redis_server).running() as proxy, gateway_on(proxy.url, prefix) as gateway:
        await ready(gateway)
        with redis_server.client() as connection:
            log = Log(connection, Keys(prefix))
            client = await (await subscribe(gateway)).live()
            proxy.deaf = True
            await wait_for_async(lambda: not gateway.ready, 5, "the gateway to notice")
            log.append(2)
            proxy.deaf = False
            await ready(gateway)
            await client.has([1, 2])


async def test_a_gateway_starts_without_redis_and_goes_on_when_it_comes(own_redis_server: MakeRedisServer) -> None:
    server = own_redis_server()
    server.kill()
    async with gateway_on(server.url, "tailrace") as gateway:
        assert not gateway.ready
        server.start()
        await ready(gateway)
        client = await (await subscribe(gateway)).live()
        with server.client() as connection:
            Log(connection, Keys()).append(1)
            await client.has([1])


async def test_a_frozen_redis_is_waited_for(own_redis_server: MakeRedisServer) -> None:
    server = own_redis_server()
    with server.client(timeout=30) as connection:
        log = Log(connection, Keys())
        async with gateway_on(server.url, "tailrace") as gateway:
            client = await (await subscribe(gateway)).live()
            log.append(1)
            await client.has([1])
            server.pause()
            await wait_for_async(lambda: not gateway.ready, 10, "the gateway to notice")
            server.resume()
            log.append(1)
            await client.has([1, 2])
            await ready(gateway)


async def test_streams_that_nobody_follows_any_more_are_let_go(
    gateway: Gateway, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tailrace_relay.hub.LINGER", 0.0)
    client = await (await subscribe(gateway)).live()
    client.session.leave()
    await wait_for_async(lambda: "api" not in gateway.hub.streams, TIMEOUT, "the stream to be let go")
    assert not gateway.hub.groups
    assert not gateway.feed._channels
    log.append(1)
    again = await (await subscribe(gateway, after="0-0")).live()
    await again.has([1])


async def test_a_message_beyond_what_redis_has_causes_no_endless_repair(gateway: Gateway, log: Log) -> None:
    client = await (await subscribe(gateway)).live()
    answer = log.append(1)
    await client.has([1])
    assert answer.id is not None
    head = f"{answer.id.ms}-99 {answer.epoch} {answer.generation}\n".encode()
    log.client.publish(log.stream.key, head + log.producer.frame(2))
    log.append(1)
    await client.has([1, 2])
    await wait_for_async(lambda: not gateway.hub.streams["api"].repairing, TIMEOUT, "the repair to end")
    repairs = gateway.hub.counters.repairs
    assert repairs <= 2
    log.append(1)
    await client.has([1, 2, 3])
    assert gateway.hub.counters.repairs == repairs
