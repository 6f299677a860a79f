"""The spine: from log calls in several processes to every client, through all that can go wrong on the way.

Four processes log 18 000 records each, in the long form 25 000. Twenty clients follow them over two gateways, of which
one is killed. Pub/sub connections are cut, a client stops reading until it is behind, and a stream begins and ends
while others are away.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tailrace.wire import Keys
from tests.e2e.checker import check
from tests.e2e.clients import Client, EventClient, Query, WebSocketClient
from tests.e2e.conftest import MakeGatewayProcess
from tests.e2e.producers import ProducerProcess
from tests.servers import MakeRedisServer, RedisServer, wait_for_async

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]

# `make chaos` runs the long form.
LONG = os.environ.get("TAILRACE_CHAOS") == "long"

COUNT = 25_000 if LONG else 18_000

# Records a second of each producer that lives through the whole run, and of the one that comes and goes.
RATE = 500
FAST = 5_000

# Records that are there before the first client comes: more than any tail.
HISTORY = 3_000

# Seconds. Generous, never the point of the test.
SOON = 60.0

# Seconds for which pub/sub connections are cut, and between two cuts.
CUTTING, BETWEEN_CUTS = 5.0, 0.1

# How often one client stops reading, and for how many records: more than the limit of 1 MiB and the kernel hold.
TIMES_BEHIND, ENOUGH = 5 if LONG else 2, 6_000

# What the twenty clients ask for; every other one over event streams.
QUERIES = (
    Query("api", after="0-0"),
    Query("api", after="0-0"),
    Query("worker", after="0-0"),
    Query("api,worker", after="0-0"),
    Query("*", after="0-0"),
    Query("*", after="0-0"),
    Query("*", after="0-0", level="WARNING"),
    Query("api", tail=100),
    Query("worker", tail=1000),
    Query("*", tail=100),
    Query("api"),
    Query("worker"),
    Query("api,run:*"),
    Query("run:*", after="0-0"),
    Query("run:*"),
    Query("w*"),
    Query("api", level="ERROR"),
    Query("*"),
)


class Run:
    """The processes and clients of one run."""

    def __init__(self, directory: Path, redis_server: RedisServer, prefix: str, gateways: list[str]) -> None:
        self._directory = directory
        self._redis_url = redis_server.url
        self._prefix = prefix
        self._gateways = gateways
        self.producers: list[ProducerProcess] = []
        self.clients: list[Client] = []

    def producer(self, stream: str, label: str, rate: int, count: int = COUNT) -> ProducerProcess:
        producer = ProducerProcess(
            self._directory,
            "agent",
            self._redis_url,
            self._prefix,
            stream=stream,
            label=label,
            count=count,
            rate=rate,
        )
        self.producers.append(producer)
        producer.start()
        return producer

    def client(self, name: str, query: Query, *, events: bool) -> Client:
        kind = EventClient if events else WebSocketClient
        # Half of them begin at the one gateway, half at the other.
        turn = len(self.clients) // 2 % 2
        gateways = self._gateways[turn:] + self._gateways[:turn]
        client = kind(f"{name}-{'sse' if events else 'ws'}", gateways, query, self._directory)
        self.clients.append(client)
        client.start()
        return client

    async def everybody_has_everything(self) -> None:
        totals: dict[str, int] = {}
        for producer in self.producers:
            stream = producer.emission.stream
            totals[stream] = totals.get(stream, 0) + producer.emission.count

        def behind() -> list[str]:
            return [
                client.name
                for client in self.clients
                for stream, total in totals.items()
                if client.query.expectation().selects(stream) and client.reached(stream) < total
            ]

        with contextlib.suppress(AssertionError):  # the verdict says better who lacks what
            await wait_for_async(lambda: not behind(), SOON, "everybody to have everything")

    async def end(self) -> None:
        for client in self.clients:
            await client.stop()
        for producer in self.producers:
            producer.kill()


@pytest.fixture
def spine_redis(own_redis_server: MakeRedisServer) -> RedisServer:
    return own_redis_server()


@contextlib.asynccontextmanager
async def running(run: Run) -> AsyncIterator[Run]:
    try:
        yield run
    finally:
        await run.end()


async def test_every_record_reaches_every_client_once_or_is_declared_lost(
    spine_redis: RedisServer, gateway_process: MakeGatewayProcess, prefix: str, tmp_path: Path
) -> None:
    gateways = [await gateway_process(spine_redis.url) for _ in range(2)]
    begin = time.monotonic()
    async with running(Run(tmp_path, spine_redis, prefix, [gateway.url for gateway in gateways])) as run:
        for stream, label in (("api", "api-1"), ("api", "api-2"), ("worker", "worker-1")):
            run.producer(stream, label, RATE)
        # There is a past to begin in, or to leave out.
        await wait_for_number(spine_redis, Keys(prefix), ["api", "worker"], HISTORY)
        for i, query in enumerate(QUERIES):
            run.client(f"{i:02}-{query.streams}-{query.after or query.tail or 'now'}", query, events=i % 2 == 1)
        away = run.client("away-*-now", Query("*"), events=False)
        slow = run.client("slow-api,worker-now", Query("api,worker"), events=False)
        # Follows the same at the same gateway, and reads all the time.
        witness = next(c for c in run.clients if (c.query.streams, c.gateways) == (slow.query.streams, slow.gateways))
        await wait_for_async(lambda: all(client.connections for client in run.clients), SOON, "all greetings")

        await away.stop()
        comes_and_goes = run.producer("run:1", "run-1", FAST)
        cuts = asyncio.create_task(cut_pubsub(spine_redis))
        falls = asyncio.create_task(fall_behind_often(slow, witness))
        await wait_for_async(lambda: comes_and_goes.ended, SOON, "the stream that ends")
        away.start()

        await asyncio.to_thread(gateways[0].kill)
        await falls
        assert await cuts > 0
        await wait_for_async(lambda: all(p.ended for p in run.producers), SOON, "the producers")
        emissions = [producer.result() for producer in run.producers]
        await run.everybody_has_everything()
        clients, losses = run.clients, sum(client.losses for client in run.clients)
    took = time.monotonic() - begin
    verdict = check(emissions, {client.name: client.evidence() for client in clients})
    print(f"\n{verdict}")
    print(f"{took:.1f} s; {await cuts} pub/sub connections cut; {losses} connections lost")
    assert verdict.clean
    for client in clients:
        client.log.unlink()  # hundreds of MiB; kept when something is to be looked into
    assert sum(emission.count for emission in emissions) == 4 * COUNT
    # Whoever was at the gateway that was killed came again at the other.
    assert all(client.connections >= 2 for client in clients if client.gateways[0] == gateways[0].url)


async def test_a_redis_that_is_killed_and_keeps_its_file_loses_nothing(
    own_redis_server: MakeRedisServer, gateway_process: MakeGatewayProcess, prefix: str, tmp_path: Path
) -> None:
    server = own_redis_server("--appendonly", "yes", "--appendfsync", "always")
    gateway = await gateway_process(server.url)
    async with running(Run(tmp_path, server, prefix, [gateway.url])) as run:
        for events in (False, True):
            run.client("first-api", Query("api", after="0-0"), events=events)
            run.client("now-*", Query("*"), events=events)
        await wait_for_async(lambda: all(client.joins for client in run.clients), SOON, "everybody to be live")
        for stream, label in (("api", "api-1"), ("api", "api-2"), ("worker", "worker-1")):
            run.producer(stream, label, RATE, 6_000)
        for number in (2_000, 4_000):
            await wait_for_number(server, Keys(prefix), ["api"], number)
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
        await wait_for_async(lambda: all(p.ended for p in run.producers), SOON, "the producers")
        emissions = [producer.result() for producer in run.producers]
        await run.everybody_has_everything()
        clients = run.clients
    verdict = check(emissions, {client.name: client.evidence() for client in clients})
    print(f"\n{verdict}")
    assert verdict.clean
    assert all(client.losses == 0 for client in clients)


async def cut_pubsub(server: RedisServer) -> int:
    """Cuts all pub/sub connections again and again for a while; gives how many it cut."""
    cut, end = 0, time.monotonic() + CUTTING
    with server.client() as client:
        while time.monotonic() < end:
            cut += client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
            await asyncio.sleep(BETWEEN_CUTS)
    return cut


async def fall_behind_often(client: Client, witness: Client) -> None:
    for _ in range(TIMES_BEHIND):
        await fall_behind(client, witness)


async def fall_behind(client: Client, witness: Client) -> None:
    """Stops reading until the gateway has let the client go; it is live again when it has caught up by itself."""

    def read_by(one: Client) -> int:
        return sum(map(one.reached, client.query.streams.split(",")))

    joins = client.joins
    client.pause()
    try:
        enough = read_by(client) + ENOUGH
        await wait_for_async(lambda: read_by(witness) >= enough, SOON, f"{ENOUGH} records to pass by")
    finally:
        client.resume()
    await wait_for_async(lambda: client.joins > joins, SOON, "the client that was behind to be live again")


async def wait_for_number(server: RedisServer, keys: Keys, streams: list[str], records: int) -> None:
    with server.client() as redis:

        def total() -> int:
            return sum(int(redis.hget(keys.meta(stream), "n") or 0) for stream in streams)

        await wait_for_async(lambda: total() >= records, SOON, f"{records} records")
