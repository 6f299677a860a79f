"""Totals are those that one would count by hand, whatever the query."""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import Any

import httpx
import pytest

from tailrace.wire import Record
from tests.relay.live import Log
from tests.relay.rest.test_records import append, get, record

pytestmark = pytest.mark.anyio


def random_record(chance: random.Random, now: int) -> Record:
    return Record(
        time=now - chance.randrange(3600 * 1_000_000),
        level_number=chance.choice([10, 20, 25, 40]),
        logger=chance.choice(["db", "db.pool", "app"]),
        message=chance.choice(["slow", "fast", "slow answer"]),
        source=chance.choice(["logging", "stdout"]),
        kind=chance.choice(["log", "log", "audit"]),
    )


async def every(api: httpx.AsyncClient, **parameters: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await get(api, limit=10_000, **parameters))["records"]
    return found


@pytest.mark.parametrize("query", ["", "slow", "level:>=error", "logger:db* -source:stdout", "nothing"])
async def test_totals_are_exact(api: httpx.AsyncClient, any_log: Log, query: str) -> None:
    chance, now = random.Random(1), time.time_ns() // 1000
    for size in (1, 200, 3, 40):
        append(any_log, *(random_record(chance, now) for _ in range(size)))
    records = await every(api, query=query)
    found = await get(api, "/summary", query=query)
    assert found["total"] == len(records)
    for name in ("level", "logger", "source", "kind", "service"):
        assert found[f"by_{name}"] == dict(Counter(record[name] for record in records).most_common())
    for name, place in (("first", 0), ("last", -1)):
        assert found[name] == ({key: records[place][key] for key in ("id", "time")} if records else None)
    assert sum(bucket["total"] for bucket in found["histogram"]["buckets"]) == len(records)
    assert len(found["histogram"]["buckets"]) <= 60
    assert found["missing"] == 0


async def test_a_summary_of_a_span_of_time(api: httpx.AsyncClient, any_log: Log) -> None:
    now = time.time_ns() // 1000
    append(any_log, *(record("x", now - minutes * 60 * 1_000_000) for minutes in (50, 40, 30, 20, 10)))
    found = await get(api, "/summary", since="-45m", until="-15m", buckets=3)
    assert found["total"] == 3
    assert [bucket["total"] for bucket in found["histogram"]["buckets"]] == [1, 1, 1]


async def test_what_is_missing_is_counted_beside(api: httpx.AsyncClient, any_log: Log) -> None:
    any_log.append(3)
    any_log.append(2, shed=4)
    found = await get(api, "/summary")
    assert (found["total"], found["missing"]) == (5, 4)
    any_log.client.xtrim(any_log.keys.stream("api"), maxlen=1, approximate=False)
    found = await get(api, "/summary")
    assert (found["total"], found["missing"]) == (2, 7)


async def test_loggers_without_end_are_counted_together(
    api: httpx.AsyncClient, any_log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tailrace_relay.summary.MOST_NAMES", 2)
    now = time.time_ns() // 1000
    records = [Record(time=now, level_number=20, logger=name, message="x") for name in "aabcda"]
    append(any_log, *records)
    assert (await get(api, "/summary"))["by_logger"] == {"a": 3, "": 2, "b": 1}


async def test_a_summary_of_no_stream_and_of_too_many_buckets(api: httpx.AsyncClient, any_log: Log) -> None:
    assert (await api.get("/api/streams/none/records/summary")).status_code == 404
    any_log.append()
    assert (await get(api, "/summary", 400, buckets=1001))["parameter"] == "buckets"
