from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import redis

from tailrace.wire import Keys
from tailrace_relay.history import History, connect
from tests.relay.live import Log
from tests.servers import Server


@pytest.fixture
def any_client(any_redis: Server) -> Iterator[redis.Redis]:
    with any_redis.client() as client:
        yield client


@pytest.fixture
def any_log(any_client: redis.Redis, prefix: str) -> Log:
    """A stream of its own for each test, on each of the servers."""
    return Log(any_client, Keys(prefix))


@pytest.fixture
async def history(any_redis: Server, prefix: str) -> AsyncIterator[History]:
    client = connect(any_redis.url)
    yield History(client, Keys(prefix))
    await client.aclose()
