"""nginx before two gateways: clients stay through idle minutes, and go on when their gateway is killed."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.chaos.watch import LONG
from tests.deploy.front import SOON, judge, running_front
from tests.e2e.clients import Query
from tests.servers import RedisServer, wait_for_async

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]

# Seconds in which nothing is logged: twice nginx' own patience, or a few heartbeats.
IDLE = 125 if LONG else 12


async def test_clients_stay_while_nothing_is_logged_and_go_on_at_the_other_gateway(
    installed_nginx: str, redis_server: RedisServer, prefix: str, tmp_path: Path
) -> None:
    with running_front(redis_server, prefix, tmp_path) as front:
        clients = front.clients(Query("api"), each=2)
        producers = []
        try:
            async with AsyncExitStack() as stack:
                for client in clients:
                    await stack.enter_async_context(client)
                await wait_for_async(lambda: all(client.joins for client in clients), SOON, "everybody to be live")
                await asyncio.sleep(IDLE)
                assert [client.losses for client in clients] == [0] * len(clients)
                producers.append(front.producer("api", "p", count=4_000, rate=1_000))
                await wait_for_async(lambda: all(c.reached("api") > 500 for c in clients), SOON, "records")
                victim, other = front.gateways
                left = front.followers(victim, clients)
                assert left
                await asyncio.to_thread(victim.kill)
                verdict = await judge(clients, producers)
                assert front.followers(other, clients) == clients
                assert [client.losses > 0 for client in clients] == [client in left for client in clients]
        finally:
            for producer in producers:
                producer.kill()
    print(f"\n{verdict}")
    assert verdict.clean
