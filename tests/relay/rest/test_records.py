"""Pages of one stream's history: by place, by query, by time; the newest; and what is around a record."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from tailrace.wire import SCRIPT, Answer, Facts, Record, append_call, make_frame
from tests.relay.live import Log

pytestmark = pytest.mark.anyio

PATH = "/api/streams/api/records"
SECOND = 1_000_000
DAY = 86_400 * SECOND


def append(log: Log, *records: Record) -> Answer:
    """One frame of these records."""
    names, arguments = append_call(
        log.keys,
        log.name,
        make_frame(log.producer.id, log.seq + 1, Facts(service="shop"), records),
        producer=log.producer.id,
        count=len(records),
        first_seq=log.seq + 1,
        shed=0,
        epoch="e1",
    )
    log.seq += len(records)
    return Answer.parse(log.client.eval(SCRIPT, len(names), *names, *arguments))


def record(message: str, at: int, level: int = 20) -> Record:
    return Record(time=at, level_number=level, logger="t", message=message)


async def get(api: httpx.AsyncClient, path: str = "", status: int = 200, **parameters: Any) -> dict[str, Any]:
    answer = await api.get(PATH + path, params=parameters)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def messages(page: dict[str, Any]) -> list[str]:
    return [record["message"] for record in page["records"]]


async def walk(api: httpx.AsyncClient, **parameters: Any) -> list[str]:
    """All pages, one after the other."""
    found: list[str] = []
    place = "before" if parameters.get("order") == "desc" else "after"
    while True:
        page = await get(api, **parameters)
        found += messages(page)
        if page["next"] is None:
            return found
        parameters[place] = page["next"]


async def test_a_page_has_what_the_query_matches(api: httpx.AsyncClient, any_log: Log) -> None:
    now = time.time_ns() // 1000
    append(any_log, record("slow query", now, 30), record("query", now), record("slow answer", now, 40))
    assert messages(await get(api, query="slow")) == ["slow query", "slow answer"]
    assert messages(await get(api, query="slow", level="ERROR")) == ["slow answer"]
    assert messages(await get(api, query="service:shop -slow")) == ["query"]


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_records_of_a_span_of_time_by_when_they_were_logged(
    api: httpx.AsyncClient, any_log: Log, order: str, limit: int
) -> None:
    now = time.time_ns() // 1000
    noon = now - now % DAY - DAY // 2
    for hour in range(12):
        append(any_log, *(record(f"{hour}:{minute}", noon + (hour * 60 + minute) * 60 * SECOND) for minute in (0, 30)))
    append(any_log, record("late", noon + 90 * 60 * SECOND))  # it waited in its spool
    stamp = time.strftime("%Y-%m-%dT", time.gmtime(noon // SECOND))
    found = await walk(api, since=f"{stamp}13:00Z", until=f"{stamp}14:00", order=order, limit=limit)
    expected = ["1:0", "1:30", "2:0", "late"]
    assert found == (expected if order == "asc" else expected[::-1])


async def test_time_may_be_how_long_ago(api: httpx.AsyncClient, any_log: Log) -> None:
    now = time.time_ns() // 1000
    append(any_log, *(record(f"{hours}", now - hours * 3600 * SECOND) for hours in (5, 4, 3, 2, 1)))
    assert messages(await get(api, since="-210m")) == ["3", "2", "1"]
    assert messages(await get(api, since="-210m", until="-1.5h")) == ["3", "2"]
    assert messages(await get(api, until="-3.5h", order="desc")) == ["4", "5"]


async def test_how_long_ago_may_be_before_all_time(api: httpx.AsyncClient, any_log: Log) -> None:
    any_log.append(3)
    for ago in ("-99999999d", "-1e30d", "0001-01-01", "1969-12-31T23:59:59.999999Z"):
        assert len(messages(await get(api, since=ago))) == 3
        assert messages(await get(api, until=ago)) == []


async def test_pages_backward_end_where_the_span_begins(api: httpx.AsyncClient, any_log: Log) -> None:
    any_log.append(50)
    # What a gateway takes for the first record that can be of the span: the numbering began before it.
    any_log.client.hset(any_log.keys.meta("api"), "born", 1)
    page = await get(api, since="2999-01-01", order="desc")
    assert (page["records"], page["next"]) == ([], None)


@pytest.mark.parametrize("text", ["soon", "-", "-15", "-5MB", "-1e308d", "--15m", "--1e20s", "2026-02-30", "15m"])
async def test_a_time_that_is_none_is_refused(api: httpx.AsyncClient, any_log: Log, text: str) -> None:
    any_log.append()
    problem = await get(api, status=400, since=text)
    assert problem["parameter"] == "since"
    assert "right would be as 2026-11-21T10:30:00Z, 2026-11-21 or -15m" in problem["detail"]


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_a_walk_between_two_places_ends(api: httpx.AsyncClient, any_log: Log, order: str) -> None:
    for _ in range(5):
        any_log.append(4)
    every = (await get(api))["records"]
    parameters = {"after": every[4]["id"], "before": every[14]["id"], "order": order, "limit": 4}
    found = await walk(api, **parameters)
    expected = [str(n) for n in range(6, 15)]
    assert found == (expected if order == "asc" else expected[::-1])


async def test_a_place_that_never_was_is_refused_where_it_would_be_looked_for_in_vain(
    api: httpx.AsyncClient, any_log: Log
) -> None:
    for _ in range(5):
        any_log.append(4)
    problem = await get(api, status=400, before="1-15", limit=1)
    assert problem["parameter"] == "before"
    assert "1-15 is no ID of stream 'api'" in problem["detail"]


async def test_the_newest_records_and_a_cursor_to_go_on_from(api: httpx.AsyncClient, any_log: Log) -> None:
    for _ in range(3):
        any_log.append(4)
    page = await get(api, "/latest", limit=3)
    assert messages(page) == ["10", "11", "12"]
    any_log.append(2)
    assert messages(await get(api, after=page["next"])) == ["13", "14"]


async def test_the_newest_that_match(api: httpx.AsyncClient, any_log: Log) -> None:
    any_log.append(30)
    page = await get(api, "/latest", limit=2, query="5")
    assert messages(page) == ["15", "25"]
    any_log.append(10)
    assert messages(await get(api, after=page["next"], query="5")) == ["35"]


async def test_a_record_and_those_around_it(api: httpx.AsyncClient, any_log: Log) -> None:
    for _ in range(5):
        any_log.append(4)
    every = (await get(api))["records"]
    for place in (0, 1, 7, 19):
        page = await get(api, "/context", id=every[place]["id"], lines=3)
        assert page["records"] == every[max(place - 3, 0) : place + 4]
        assert (page["previous"] is None, page["next"] is None) == (place <= 3, place >= 16)
        assert (await get(api, "/context", id=every[place]["id"], lines=0))["records"] == [every[place]]
    page = await get(api, "/context", id=every[7]["id"], lines=3)
    assert messages(await get(api, after=page["next"])) == [str(n) for n in range(12, 21)]
    assert messages(await get(api, before=page["previous"], order="desc")) == ["4", "3", "2", "1"]


async def test_a_record_that_is_not_kept_any_more_is_gone(api: httpx.AsyncClient, any_log: Log) -> None:
    for _ in range(3):
        any_log.append(4)
    every = (await get(api))["records"]
    any_log.client.xtrim(any_log.keys.stream("api"), maxlen=1, approximate=False)
    problem = await get(api, "/context", 410, id=every[5]["id"])
    assert problem["detail"] == f"record {every[5]['id']} is not kept any more: trimmed"
    assert messages(await get(api, "/context", id=every[9]["id"])) == ["9", "10", "11", "12"]


async def test_a_record_that_never_was_is_not_found(api: httpx.AsyncClient, any_log: Log) -> None:
    any_log.append(3)
    ms = (await get(api))["records"][0]["id"].split("-")[0]
    for id in (f"{ms}-4", f"{ms}-0", "1-2"):
        assert f"never had a record {id}" in (await get(api, "/context", 404, id=id))["detail"]
    any_log.append(2, shed=2)
    assert "never had a record" in (await get(api, "/context", 404, id=f"{ms}-4"))["detail"]
    assert (await get(api, "/context", 400, id="x"))["parameter"] == "id"
    assert (await get(api, "/context", 400, id=""))["parameter"] == "id"
    assert (await get(api, "/context", 400, id=f"{ms}-1", lines=-1))["parameter"] == "lines"


async def test_a_stream_that_is_none_is_not_found(api: httpx.AsyncClient) -> None:
    for path in ("", "/latest", "/context?id=1-1"):
        answer = await api.get(f"/api/streams/none/records{path}")
        assert (answer.status_code, answer.json()["detail"]) == (404, "there is no stream 'none'")
