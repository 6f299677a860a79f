"""What a gateway does not do: read history without need, repeat work for equal clients, hoard what nobody takes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tailrace.wire import Keys
from tests.e2e.checker import check
from tests.e2e.clients import Client, EventClient, Query, WebSocketClient
from tests.e2e.conftest import MakeGatewayProcess, MakeGatewayThread
from tests.e2e.gateways import GatewayThread
from tests.e2e.producers import ProducerProcess
from tests.e2e.wire_producer import WireProducer
from tests.servers import HOST, MakeRedisServer, RedisServer, wait_for_async

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]

# Seconds. Generous, never the point of a test.
SOON = 30.0

MIB = 1 << 20

# `make chaos` runs the long form.
LONG = os.environ.get("TAILRACE_CHAOS") == "long"


def history_calls(server: RedisServer) -> int:
    """How many XRANGE and XREVRANGE this Redis has ever answered."""
    with server.client() as client:
        stats: Any = client.info("commandstats")
    return sum(stats.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in ("xrange", "xrevrange"))


def live(gateway: GatewayThread) -> int:
    """How many clients need nothing but what comes."""
    return sum(len(group.members) for group in gateway.gateway.hub.groups.values())


async def test_a_run_without_faults_reads_no_history_after_the_joins(
    own_redis_server: MakeRedisServer, gateway_thread: MakeGatewayThread, prefix: str, tmp_path: Path
) -> None:
    server = own_redis_server()
    gateway = gateway_thread(server.url)
    with server.client() as client:
        producers = [WireProducer(client, Keys(prefix), stream, f"of-{stream}") for stream in ("api", "run:1")]
        for producer in producers:
            producer.emit(100)
        queries = [Query("api"), Query("api", after="0-0"), Query("*", tail=50), Query("run:*", level="WARNING")]
        clients: list[Client] = [
            kind(f"{kind.__name__}-{i}", [gateway.url], query, tmp_path)
            for kind in (WebSocketClient, EventClient)
            for i, query in enumerate(queries)
        ]
        async with contextlib.AsyncExitStack() as stack:
            for each in clients:
                await stack.enter_async_context(each)
            await wait_for_async(lambda: live(gateway) == len(clients), SOON, "everybody to be live")
            before = history_calls(server)
            for _ in range(200):
                for producer in producers:
                    producer.emit(50)
                await asyncio.sleep(0.005)  # the rate of the run: 20 000 records in a second or more
            await wait_for_async(lambda: all_have(clients, producers), SOON, "everybody to have everything")
            assert history_calls(server) == before
        # Not before all have ended: it takes its time, in which a client would take its gateway for dead.
        verdict = check([p.emission for p in producers], {c.name: c.evidence() for c in clients})
    print(f"\n{verdict}\nXRANGE and XREVRANGE: {before} for {len(clients)} joins, none after them")
    assert verdict.clean


async def test_equal_clients_cost_one_evaluation_and_one_encoding_per_batch(
    redis_server: RedisServer, gateway_thread: MakeGatewayThread, prefix: str, tmp_path: Path
) -> None:
    gateway, count, frames = gateway_thread(redis_server.url), 200 if LONG else 100, 100 if LONG else 50
    with redis_server.client() as client:
        producer = WireProducer(client, Keys(prefix), "api", "p")
        producer.emit(10)
        query = Query("api", level="INFO")
        clients: list[Client] = [WebSocketClient(f"c{i}", [gateway.url], query, tmp_path) for i in range(count)]
        async with contextlib.AsyncExitStack() as stack:
            for each in clients:
                await stack.enter_async_context(each)
            await wait_for_async(lambda: live(gateway) == count, SOON, "everybody to be live")
            counters = gateway.gateway.hub.counters
            evaluations, encodings, delivered = counters.evaluations, counters.encodings, counters.delivered
            for _ in range(frames):
                producer.emit(20, frame=20)
                await asyncio.sleep(0.002)
            await wait_for_async(lambda: all_have(clients, [producer]), SOON, "everybody to have everything")
            batches = len(clients[0].of_type("records"))
            evaluations = counters.evaluations - evaluations
            encodings = counters.encodings - encodings
            delivered = counters.delivered - delivered
        verdict = check([producer.emission], {c.name: c.evidence() for c in clients})
        received = [each.of_type("records") for each in clients]
    print(f"\n{verdict.row('c0')}\n{frames} frames in {batches} batches to {count} clients:", end=" ")
    print(f"{evaluations} evaluations, {encodings} encodings, {delivered} deliveries")
    assert verdict.clean
    assert all(records == received[0] for records in received)
    assert evaluations == frames
    assert encodings == batches
    assert delivered >= batches * count


async def test_clients_that_never_read_cost_little_memory(
    redis_server: RedisServer, gateway_process: MakeGatewayProcess, prefix: str, tmp_path: Path
) -> None:
    # The kernel's buffers take the first seconds of it; what the gateway hoards comes behind them.
    count, rate, seconds = 100, 10_000, 30 if LONG else 12
    gateway = await gateway_process(redis_server.url)
    with redis_server.client() as client:
        first = WireProducer(client, Keys(prefix), "api", "before")
        first.emit(10)
    async with WebSocketClient("reader", [gateway.url], Query("api"), tmp_path) as reader:
        await wait_for_async(lambda: reader.connections, SOON, "the greeting")
        with never_reading(gateway.port, count) as greeted:
            await wait_for_async(greeted, SOON, "all greetings")
            before = peak = gateway.resident_bytes
            producer = ProducerProcess(
                tmp_path, "wire", redis_server.url, prefix, stream="api", label="p", count=rate * seconds, rate=rate
            )
            try:
                producer.start()
                while not producer.ended:
                    await asyncio.sleep(0.2)
                    peak = max(peak, gateway.resident_bytes)
                total = producer.result().count + 10
                await wait_for_async(lambda: reader.reached("api") == total, 2 * SOON, "the one who reads to have all")
            finally:
                producer.kill()
            peak = max(peak, gateway.resident_bytes)
    verdict = check([first.emission, producer.emission], {reader.name: reader.evidence()})
    growth = peak - before
    print(f"\n{verdict}\n{count} clients that never read: {growth / MIB:.1f} MiB on {before / MIB:.1f} MiB")
    assert verdict.clean
    reader.log.unlink()
    assert growth < 16 * MIB + count * MIB


def all_have(clients: list[Client], producers: list[WireProducer]) -> bool:
    expected = {producer.stream: producer.emitted for producer in producers}
    return all(
        client.reached(stream) == emitted
        for client in clients
        for stream, emitted in expected.items()
        if client.query.expectation().selects(stream)
    )


@contextlib.contextmanager
def never_reading(port: int, count: int) -> Iterator[Any]:
    """So many WebSocket clients that send their handshake, and then do nothing; gives whether all are greeted."""
    request = (
        f"GET /api/live?streams=api HTTP/1.1\r\nHost: {HOST}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_connection((HOST, port), timeout=SOON)) for _ in range(count)]
        for each in sockets:
            each.sendall(request.encode())
            each.setblocking(False)

        def greeted() -> bool:
            return all(b'"hello"' in peeked(each) for each in sockets)

        yield greeted


def peeked(connection: socket.socket) -> bytes:
    """What waits in a socket, left where it is."""
    try:
        return connection.recv(4096, socket.MSG_PEEK)
    except BlockingIOError:
        return b""
