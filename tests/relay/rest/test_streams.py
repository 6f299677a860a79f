"""The list of streams, each with its horizon: what is kept, since when, and by which limits."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tailrace.wire import DEFAULT_AGE, DEFAULT_SIZE
from tests.relay.announcing import now_of
from tests.relay.live import Log

pytestmark = pytest.mark.anyio

DAY = 86_400_000


async def only(api: httpx.AsyncClient) -> dict[str, Any]:
    [stream] = (await api.get("/api/streams")).json()["streams"]
    assert isinstance(stream, dict)
    return stream


async def test_a_stream_has_its_horizon(api: httpx.AsyncClient, any_log: Log) -> None:
    first, last = any_log.append(3), any_log.append(2)
    assert first.id is not None
    assert last.id is not None
    before = now_of(any_log.client)
    stream = await only(api)
    assert (stream["oldest"], stream["newest"]) == (f"{first.id.ms}-1", str(last.id))
    assert stream["oldest_time"].endswith(f".{first.id.ms % 1000:03}Z")
    assert before - first.id.ms <= stream["age"] <= now_of(any_log.client) - first.id.ms
    assert stream["records"] == 5
    assert stream["bytes"] > 0
    assert stream["limits"] == {"age": DEFAULT_AGE, "bytes": DEFAULT_SIZE}


async def test_limits_are_those_that_were_set(api: httpx.AsyncClient, any_log: Log) -> None:
    any_log.append(1)
    await api.put("/api/retention/a*", json={"age": "1d", "bytes": None})
    assert (await only(api))["limits"] == {"age": DAY, "bytes": 0}
    await api.put("/api/retention/api", json={"age": "2d"})
    assert (await only(api))["limits"] == {"age": 2 * DAY, "bytes": DEFAULT_SIZE}


async def test_where_nothing_is_kept_there_is_no_oldest(api: httpx.AsyncClient, any_log: Log) -> None:
    newest = any_log.append(3).id
    await api.delete("/api/streams/api/records")
    stream = await only(api)
    assert (stream["oldest"], stream["oldest_time"], stream["age"]) == (None, None, None)
    assert (stream["newest"], stream["records"], stream["bytes"]) == (str(newest), 0, 0)
