from __future__ import annotations

import httpx
import pytest

from tailrace.wire import DEFAULT_AGE, DEFAULT_SIZE
from tests.relay.live import Log

pytestmark = pytest.mark.anyio

DEFAULT = {"age": DEFAULT_AGE, "bytes": DEFAULT_SIZE}


async def test_limits_are_set_listed_and_taken_back(api: httpx.AsyncClient, any_log: Log) -> None:
    any_log.append(1)
    assert (await api.get("/api/retention")).json() == {"default": DEFAULT, "rules": {}}
    answer = await api.put("/api/retention/a*", json={"age": "1d"})
    assert answer.json() == {"pattern": "a*", "age": 86_400_000, "bytes": DEFAULT_SIZE}
    assert (await api.get("/api/retention")).json()["rules"] == {"a*": {"age": 86_400_000, "bytes": DEFAULT_SIZE}}
    assert any_log.client.hget(any_log.keys.meta("api"), "age") == b"86400000"
    assert (await api.delete("/api/retention/a*")).json() == {"pattern": "a*"}
    assert (await api.get("/api/retention")).json()["rules"] == {}
    assert (await api.delete("/api/retention/a*")).status_code == 404


@pytest.mark.parametrize(
    ("pattern", "body", "parameter"),
    [
        ("a", b"", "body"),
        ("a", b"[]", "body"),
        ("a", b"{" + b" " * 5000, "body"),
        ("a", b'{"age": "soon"}', "age"),
        ("a%20b", b"{}", "pattern"),
    ],
)
async def test_mistakes_are_named(api: httpx.AsyncClient, pattern: str, body: bytes, parameter: str) -> None:
    answer = await api.put(f"/api/retention/{pattern}", content=body)
    assert (answer.status_code, answer.json()["parameter"]) == (400, parameter)


async def test_a_foreign_page_may_not_set_limits(api: httpx.AsyncClient) -> None:
    foreign = {"Origin": "https://evil.example"}
    assert (await api.put("/api/retention/a", json={}, headers=foreign)).status_code == 403
    assert (await api.delete("/api/retention/a", headers=foreign)).status_code == 403
