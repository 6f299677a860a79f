"""Records that come over HTTP: stored whole or not at all, once for each key, seen live as any other."""

from __future__ import annotations

import asyncio
import gzip
from typing import Any

import httpx
import pytest
import redis

from tailrace.wire import Keys
from tailrace_relay.app import create_app
from tailrace_relay.settings import Settings
from tests.relay.rest.test_records import get, messages

pytestmark = pytest.mark.anyio

PATH = "/api/streams/api/records"


async def post(api: httpx.AsyncClient, value: Any, status: int = 201, **headers: str) -> dict[str, Any]:
    answer = await api.post(PATH, json=value, headers={name.replace("_", "-"): text for name, text in headers.items()})
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_what_is_stored_is_found_under_the_ids_that_were_answered(api: httpx.AsyncClient) -> None:
    one = await post(api, {"message": "one", "level": "ERROR", "fields": {"user": 7}})
    more = await post(api, [{"message": "two", "service": "browser"}, {"message": "three", "service": "browser"}])
    records = (await get(api))["records"]
    assert [record["id"] for record in records] == one["ids"] + more["ids"]
    assert [(r["message"], r["level"], r["service"]) for r in records] == [
        ("one", "ERROR", "api"),
        ("two", "INFO", "browser"),
        ("three", "INFO", "browser"),
    ]
    assert records[0]["fields"] == {"user": 7}
    listed = (await api.get("/api/streams")).json()["streams"]
    assert [each["stream"] for each in listed] == ["api"]


async def test_lines_of_json_perhaps_in_gzip(api: httpx.AsyncClient) -> None:
    body = b'{"message": "one"}\n{"message": "two"}\n'
    plain, packed = {"Content-Type": "application/x-ndjson"}, {"Content-Encoding": "gzip"}
    assert (await api.post(PATH, content=body, headers=plain)).status_code == 201
    assert (await api.post(PATH, content=gzip.compress(body), headers=plain | packed)).status_code == 201
    assert messages(await get(api)) == ["one", "two", "one", "two"]


async def test_a_key_stores_once_however_often_it_is_tried(api: httpx.AsyncClient) -> None:
    records = [{"message": "one"}, {"message": "two"}]
    first = await post(api, records, idempotency_key="k-1")
    await post(api, {"message": "between"})
    assert await post(api, records, 200, idempotency_key='"k-1"') == first
    answers = await asyncio.gather(
        *(api.post(PATH, json=records, headers={"Idempotency-Key": "k-2"}) for _ in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.text for answer in answers}) == 1
    assert messages(await get(api)) == ["one", "two", "between", "one", "two"]


async def test_a_key_of_another_stream_is_another_key(api: httpx.AsyncClient) -> None:
    await post(api, {"message": "x"}, idempotency_key="k")
    other = await api.post("/api/streams/other/records", json={"message": "x"}, headers={"Idempotency-Key": "k"})
    assert other.status_code == 201


@pytest.mark.parametrize("count", [1, 3])
async def test_a_key_with_other_records_is_refused(api: httpx.AsyncClient, count: int) -> None:
    await post(api, [{"message": "x"}] * 2, idempotency_key="k")
    problem = await post(api, [{"message": "x"}] * count, 422, idempotency_key="k")
    assert problem["parameter"] == "Idempotency-Key"
    assert problem["detail"] == f"this key was used for a request of 2 records; this one has {count}"
    assert messages(await get(api)) == ["x", "x"]


@pytest.mark.parametrize("key", ["two words", "ä", "x" * 256, '"', '""', 'a"'])
async def test_a_key_that_is_none_is_refused(api: httpx.AsyncClient, key: str) -> None:
    headers = [(b"Idempotency-Key", key.encode())]
    answer = await api.post(PATH, json={"message": "x"}, headers=headers)
    assert (answer.status_code, answer.json()["parameter"]) == (400, "Idempotency-Key")


async def test_nothing_of_a_refused_request_is_stored(
    api: httpx.AsyncClient, any_client: redis.Redis, prefix: str
) -> None:
    problem = await post(api, [{"message": "right"}, {"message": 5, "level": "loud"}], 422)
    assert problem["errors"] == [
        {"pointer": "#/1/message", "index": 1, "field": "message", "detail": "is a number; right would be a text"},
        {
            "pointer": "#/1/level",
            "index": 1,
            "field": "level",
            "detail": "is none; right would be DEBUG, INFO, WARNING, ERROR, CRITICAL, or a name with level_number",
        },
    ]
    assert any_client.exists(Keys(prefix).stream("api"), Keys(prefix).meta("api")) == 0


async def test_a_mistake_in_the_one_record_of_a_body_is_pointed_at_there(api: httpx.AsyncClient) -> None:
    problem = await post(api, {"message": "x", "a/b~c": 1}, 422)
    assert [each["pointer"] for each in problem["errors"]] == ["#/a~1b~0c"]
    problem = await post(api, ["no record"], 422)
    assert [each["pointer"] for each in problem["errors"]] == ["#/0"]


async def test_a_body_of_another_kind_is_refused(api: httpx.AsyncClient) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = await api.post(PATH, content=b'{"message": "x"}', headers={"Content-Type": kind})
        assert answer.status_code == 415
    answer = await api.post(PATH, json={"message": "x"}, headers={"Content-Encoding": "br"})
    assert answer.status_code == 415


async def test_a_foreign_page_may_not_write(api: httpx.AsyncClient, any_client: redis.Redis, prefix: str) -> None:
    foreign = {"Origin": "https://evil.example"}
    for path in (PATH, "/api/test/logs"):
        answer = await api.post(path, json={"message": "x"}, headers=foreign)
        assert answer.status_code == 403
        assert "TAILRACE_ALLOWED_ORIGINS" in answer.json()["detail"]
    assert list(any_client.scan_iter(f"{prefix}:*")) == []
    assert (await api.post(PATH, json={"message": "x"}, headers={"Origin": "http://test"})).status_code == 201


async def test_a_body_without_end_is_cut_short(api: httpx.AsyncClient) -> None:
    async def endless() -> Any:
        while True:
            yield b" " * 65_536

    answer = await api.post(PATH, content=endless(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


async def test_one_record_of_each_level_for_trying_out(api: httpx.AsyncClient) -> None:
    answer = await api.post("/api/test/logs")
    assert answer.json() == {"status": "success", "message": "Test log messages generated"}
    page = (await api.get("/api/streams/test/records")).json()
    assert [record["level"] for record in page["records"]] == ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


async def test_without_redis_nobody_knows(prefix: str) -> None:
    app = create_app(Settings(url="redis://127.0.0.1:1/0", prefix=prefix))
    transport = httpx.ASGITransport(app)
    async with app.lifespan(app), httpx.AsyncClient(transport=transport, base_url="http://test") as api:
        problem = await post(api, {"message": "x"}, 503)
    assert "with an Idempotency-Key, the same request can be sent again" in problem["detail"]


async def test_no_stream_of_an_impossible_name_is_made(api: httpx.AsyncClient) -> None:
    answer = await api.post("/api/streams/a%20b/records", json={"message": "x"})
    assert (answer.status_code, answer.json()["parameter"]) == (400, "stream")


async def test_a_cleared_stream_is_empty_and_its_numbers_go_on(api: httpx.AsyncClient) -> None:
    ids = (await post(api, [{"message": "one"}, {"message": "two"}], idempotency_key="k"))["ids"]
    answer = await api.delete(PATH)
    assert answer.json() == {"stream": "api", "cleared": ids[-1]}
    assert (await get(api))["records"] == []
    [stream] = (await api.get("/api/streams")).json()["streams"]
    assert (stream["oldest"], stream["newest"], stream["records"], stream["bytes"]) == (None, ids[-1], 0, 0)
    assert (await get(api, "/context", 410, id=ids[0]))["detail"].endswith("is not kept any more: cleared")
    # What was stored once is not stored again because it was cleared.
    assert (await post(api, [{"message": "one"}, {"message": "two"}], 200, idempotency_key="k"))["ids"] == ids
    third = await post(api, {"message": "three"})
    assert third["ids"][0].endswith("-3")
    page = await get(api)
    assert messages(page) == ["three"]
    assert [(gap["count"], gap["reason"]) for gap in page["gaps"]] == [(2, "cleared")]


async def test_what_no_reader_would_open_is_refused(api: httpx.AsyncClient) -> None:
    nested = [{"message": "y" * 1500, "metadata": [[[]] * 200] * 4}] * 500
    assert "too large for one request" in (await post(api, nested, 413))["detail"]


async def test_a_removed_stream_leaves_nothing(api: httpx.AsyncClient, any_client: redis.Redis, prefix: str) -> None:
    await post(api, {"message": "x"}, idempotency_key="k")
    await api.post("/api/streams/api2/records", json={"message": "x"}, headers={"Idempotency-Key": "k"})
    assert (await api.delete("/api/streams/api")).json() == {"stream": "api"}
    left = {key.decode() for key in any_client.scan_iter(f"{prefix}:*")}
    assert len([key for key in left if "{api2}" in key]) == 3
    assert not [key for key in left if "{api}" in key]
    assert [each["stream"] for each in (await api.get("/api/streams")).json()["streams"]] == ["api2"]
    assert (await post(api, {"message": "x"}, 201, idempotency_key="k"))["ids"][0].endswith("-1")


async def test_only_streams_that_are_there_are_cleared_or_removed_and_by_own_pages(api: httpx.AsyncClient) -> None:
    for path in (PATH, "/api/streams/api"):
        assert (await api.delete(path)).status_code == 404
    await post(api, {"message": "x"})
    for path in (PATH, "/api/streams/api"):
        assert (await api.delete(path, headers={"Origin": "https://evil.example"})).status_code == 403
    assert messages(await get(api)) == ["x"]
