"""Pages of long records: bounded in bytes, and nothing is left out over several of them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import redis

from tailrace.wire import Keys
from tailrace_relay.pages import MOST_BYTES
from tests.relay.live import Log
from tests.relay.rest.test_records import append, record

pytestmark = pytest.mark.anyio

# Characters of a message: as long as agents write them.
LENGTH = 60_000
FRAMES, EACH = 20, 15

COUNT = FRAMES * EACH


@pytest.fixture
def long_log(any_client: redis.Redis, prefix: str) -> Log:
    log = Log(any_client, Keys(prefix))
    any_client.zadd(log.keys.streams, {log.name: log.stream.now()})
    for frame in range(FRAMES):
        append(log, *(record(f"{frame * EACH + place} ".ljust(LENGTH, "x"), 1) for place in range(EACH)))
    return log


async def walk(api: httpx.AsyncClient, path: str, order: str, **parameters: Any) -> list[int]:
    """The numbers of all records, page after page."""
    found: list[int] = []
    pages = 0
    place = "after" if order == "asc" else "before"
    while True:
        answer = await api.get(path, params={"order": order, "limit": 10_000, **parameters})
        assert answer.status_code == 200, answer.text[:200]
        assert len(answer.content) < MOST_BYTES + 2 * LENGTH
        page = answer.json()
        found += [int(each["message"].split()[0]) for each in page["records"]]
        pages += 1
        if page["next"] is None:
            assert pages > 1
            return found
        parameters[place] = page["next"]


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_a_page_of_one_stream(api: httpx.AsyncClient, long_log: Log, order: str) -> None:
    found = await walk(api, "/api/streams/api/records", order)
    assert found == (list(range(COUNT)) if order == "asc" else list(range(COUNT))[::-1])


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_a_page_of_several(
    api: httpx.AsyncClient, long_log: Log, any_client: redis.Redis, prefix: str, order: str
) -> None:
    other = Log(any_client, Keys(prefix), "other")
    append(other, *(record(f"{COUNT + place} ".ljust(LENGTH, "y"), 1) for place in range(EACH)))
    found = await walk(api, "/api/records", order, streams="api,other")
    assert found == (list(range(COUNT + EACH)) if order == "asc" else list(range(COUNT + EACH))[::-1])


async def test_the_newest_that_fit(api: httpx.AsyncClient, long_log: Log) -> None:
    answer = await api.get("/api/streams/api/records/latest", params={"limit": 10_000})
    assert len(answer.content) < MOST_BYTES + 2 * LENGTH
    numbers = [int(each["message"].split()[0]) for each in answer.json()["records"]]
    assert len(numbers) > 100
    assert numbers == list(range(COUNT - len(numbers), COUNT))
