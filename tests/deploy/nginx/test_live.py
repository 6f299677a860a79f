"""Live clients of two gateways behind nginx."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.deploy.front import SOON, Front, judge
from tests.e2e.clients import Query
from tests.servers import wait_for_async

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]


async def test_a_single_record_is_delivered_and_waits_for_no_buffer_to_be_full(front: Front) -> None:
    clients = front.clients(Query("single"))
    async with AsyncExitStack() as stack:
        for client in clients:
            await stack.enter_async_context(client)
        await wait_for_async(lambda: all(client.joins for client in clients), SOON, "both to be live")
        for number in (1, 2):
            assert (await asyncio.to_thread(front.post, "single", b'{"message": "one"}')).status_code == 201
            await wait_for_async(lambda n=number: all(c.reached("single") == n for c in clients), SOON, "the record")  # type: ignore[misc]
    assert [client.losses for client in clients] == [0, 0]


async def test_clients_of_a_gateway_that_is_killed_go_on_at_the_other_and_have_every_record_once(
    own_front: Front,
) -> None:
    clients = own_front.clients(Query("api", after="0-0"), each=4)
    producer = own_front.producer("api", "p", count=6_000, rate=1_000)
    try:
        async with AsyncExitStack() as stack:
            for client in clients:
                await stack.enter_async_context(client)
            await wait_for_async(lambda: all(c.reached("api") > 1_000 for c in clients), SOON, "everybody to follow")
            victim, other = own_front.gateways
            left = own_front.followers(victim, clients)
            assert 0 < len(left) < len(clients)  # least_conn has spread them
            await asyncio.to_thread(victim.kill)
            verdict = await judge(clients, [producer])
            assert own_front.followers(other, clients) == clients
    finally:
        producer.kill()
    print(f"\n{verdict}")
    assert verdict.clean
    assert all((client.losses > 0) == (client in left) for client in clients)


async def test_pages_of_the_proxys_own_origin_may_connect_and_no_others(front: Front) -> None:
    address = f"{front.url.replace('http', 'ws')}/api/live?streams=api"
    async with connect(address, origin=front.url, proxy=None) as connection:  # type: ignore[arg-type]
        assert '"hello"' in str(await connection.recv())
    # A gateway's own address is none that a page was loaded from.
    for origin in ("https://evil.example", front.gateways[0].url):
        async with connect(address, origin=origin, proxy=None) as connection:  # type: ignore[arg-type]
            with pytest.raises(ConnectionClosed) as closed:
                await connection.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4003
    post = front.post
    statuses = [post("api", b'{"message": "x"}', Origin=o).status_code for o in (front.url, "https://evil.example")]
    assert statuses == [201, 403]
