"""Several streams as one: each record once, by time, whatever the pages; and on from there."""

from __future__ import annotations

import random
import time
from typing import Any

import httpx
import pytest
import redis

from tailrace.wire import Keys
from tests.relay.live import Log
from tests.relay.rest.test_records import append, messages, record

pytestmark = pytest.mark.anyio

STREAMS = ("api", "run:1", "worker.mail")


@pytest.fixture
def logs(any_client: redis.Redis, prefix: str) -> dict[str, Log]:
    return {name: Log(any_client, Keys(prefix), name) for name in STREAMS}


def write(logs: dict[str, Log], frames: int, seed: int = 1) -> None:
    chance = random.Random(seed)
    now = time.time_ns() // 1000
    for number in range(frames):
        log = chance.choice(list(logs.values()))
        log.client.zadd(log.keys.streams, {log.name: now // 1000})
        append(
            log,
            *(record(f"{log.name} {number}.{i}", now, chance.choice([20, 40])) for i in range(chance.randint(1, 5))),
        )
        if chance.random() < 0.2:
            time.sleep(0.002)  # so that not all are of one millisecond


async def page(api: httpx.AsyncClient, status: int = 200, **parameters: Any) -> dict[str, Any]:
    answer = await api.get("/api/records", params={"streams": "*", **parameters})
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def walk(api: httpx.AsyncClient, **parameters: Any) -> list[dict[str, Any]]:
    place = "before" if parameters.get("order") == "desc" else "after"
    found: list[dict[str, Any]] = []
    while True:
        got = await page(api, **parameters)
        found += got["records"]
        if got["next"] is None:
            return found
        parameters[place] = got["next"]


def place_of(found: dict[str, Any]) -> tuple[int, str, int]:
    ms, n = found["id"].split("-")
    return int(ms), found["stream"], int(n)


@pytest.mark.parametrize("limit", [1, 7, 1000])
@pytest.mark.parametrize("query", ["", "level:error", "nothing:here"])
async def test_each_record_comes_once_and_in_order(
    api: httpx.AsyncClient, logs: dict[str, Log], limit: int, query: str
) -> None:
    write(logs, 8 if limit == 1 else 30)
    expected = []
    for name in STREAMS:
        answer = await api.get(f"/api/streams/{name}/records", params={"limit": 10_000, "query": query})
        expected += answer.json()["records"]
    expected.sort(key=place_of)
    assert await walk(api, limit=limit, query=query) == expected
    assert await walk(api, limit=limit, query=query, order="desc") == expected[::-1]


async def test_a_cursor_goes_on_with_what_came_since(api: httpx.AsyncClient, logs: dict[str, Log]) -> None:
    write({"api": logs["api"]}, 5)
    first = await page(api, limit=3)
    write(logs, 20, seed=2)
    rest = await walk(api, after=first["next"])
    every = await walk(api)
    assert first["records"] + rest == every


async def test_streams_are_chosen_by_name_and_glob(api: httpx.AsyncClient, logs: dict[str, Log]) -> None:
    write(logs, 30)
    found = await page(api, streams="run:*,api", limit=1000)
    assert {each["stream"] for each in found["records"]} == {"run:1", "api"}
    assert (await page(api, streams="none,no:*"))["records"] == []


async def test_gaps_name_their_stream(api: httpx.AsyncClient, logs: dict[str, Log]) -> None:
    logs["api"].append(2)
    logs["run:1"].append(2, shed=3)
    found = await page(api)
    assert [(gap["stream"], gap["count"], gap["reason"]) for gap in found["gaps"]] == [("run:1", 3, "agent_dropped")]
    back = await page(api, order="desc")
    assert back["gaps"] == found["gaps"]


async def test_a_span_of_time_of_several_streams(api: httpx.AsyncClient, logs: dict[str, Log]) -> None:
    now = time.time_ns() // 1000
    for name in STREAMS:
        append(logs[name], *(record(f"{hours}", now - hours * 3_600_000_000) for hours in (3, 2, 1)))
    found = await page(api, streams=",".join(STREAMS), since="-150m", until="-90m")
    assert messages(found) == ["2", "2", "2"]
    back = await page(api, streams=",".join(STREAMS), since="-150m", order="desc")
    assert (sorted(messages(back)), back["next"]) == (["1"] * 3 + ["2"] * 3, None)


async def test_mistakes_are_named(api: httpx.AsyncClient, logs: dict[str, Log]) -> None:
    write(logs, 5)
    assert (await page(api, 400, streams=""))["parameter"] == "streams"
    assert (await page(api, 400, after="1-1"))["parameter"] == "after"
    assert (await page(api, 400, before="1-1", order="desc"))["parameter"] == "before"
    many = ",".join(f"s{number}" for number in range(33))
    assert "32 with 2000 can be merged" in (await page(api, 400, streams=many))["detail"]
    long = ",".join(f"{number:0>120}" for number in range(20))
    assert "32 with 2000 can be merged" in (await page(api, 400, streams=long))["detail"]
