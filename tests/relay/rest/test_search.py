"""Long searches: what is found as it is found, how far they are, and where another goes on."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import httpx
import pytest

from tailrace.wire import NOTHING_SHED, SCRIPT, Facts, Keys, append_call, join_frame
from tailrace_relay import search
from tailrace_relay.app import create_app
from tailrace_relay.settings import Settings
from tests.relay.asgi_server import port_of, serving
from tests.relay.live import Log
from tests.servers import HOST, MakeRedisServer, RedisServer, wait_for_async

pytestmark = pytest.mark.anyio

PATH = "/api/streams/api/records"
TIMEOUT = 60.0

Line = dict[str, Any]


async def found(api: httpx.AsyncClient, status: int = 200, **parameters: Any) -> list[Line]:
    answer = await api.get(f"{PATH}/search", params=parameters)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == ("application/x-ndjson" if status == 200 else "application/problem+json")
    return [json.loads(line) for line in answer.text.splitlines()]


def texts(lines: list[Line]) -> list[str]:
    return [record["message"] for line in lines if line["type"] == "records" for record in line["records"]]


def gaps(lines: list[Line]) -> list[tuple[str, int]]:
    return [(line["reason"], line["count"]) for line in lines if line["type"] == "gap"]


def append_unreadable(log: Log) -> None:
    """One frame that is whole and whose record makes no sense."""
    seq = log.seq = log.seq + 1
    facts = Facts().pack()
    frame = join_frame(
        log.producer.id, seq, facts, [b"\xc1"], highest_level=20, earliest=1, latest=1, shed=NOTHING_SHED
    )
    names, arguments = append_call(
        log.keys, log.name, frame, producer=log.producer.id, count=1, first_seq=seq, shed=0, epoch="e1"
    )
    log.client.eval(SCRIPT, len(names), *names, *arguments)


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_all_that_matches_comes_and_then_that_it_is_all(api: httpx.AsyncClient, any_log: Log, order: str) -> None:
    for _ in range(10):
        any_log.append(20)
    lines = await found(api, query="message:/7$/", order=order)
    expected = [str(n) for n in range(7, 201, 10)]
    assert texts(lines) == (expected if order == "asc" else expected[::-1])
    assert lines[-1] | {"scanned_to": ""} == {
        "type": "done",
        "next": None,
        "scanned_to": "",
        "matches": 20,
        "done": True,
    }
    assert not any(line["done"] for line in lines[:-1])


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("limit", [1, 3, 7, 20])
async def test_a_search_goes_on_where_its_limit_ended_it(
    api: httpx.AsyncClient, any_log: Log, order: str, limit: int
) -> None:
    for count in (3, 1, 20, 5, 11):
        any_log.append(count)
    place = "after" if order == "asc" else "before"
    parameters: dict[str, Any] = {}
    got: list[str] = []
    while True:
        lines = await found(api, query="-message:/3$/", order=order, limit=limit, **parameters)
        got += texts(lines)
        assert lines[-1]["matches"] <= limit
        if lines[-1]["next"] is None:
            break
        assert lines[-1]["next"] == lines[-1]["scanned_to"]
        parameters = {place: lines[-1]["next"]}
    expected = [str(n) for n in range(1, 41) if n % 10 != 3]
    assert got == (expected if order == "asc" else expected[::-1])


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_it_says_how_far_it_is_and_goes_on_from_there(
    api: httpx.AsyncClient, any_log: Log, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "PROGRESS_EVERY", 0.0)
    for _ in range(300):
        any_log.append(2)
    lines = await found(api, query="message:/^(600|1)$/", order=order)
    progress = [line for line in lines if line["type"] == "progress"]
    assert len(progress) >= 2
    assert sorted(texts(lines)) == ["1", "600"]
    place = "after" if order == "asc" else "before"
    for line in progress:
        rest = await found(api, query="message:/^(600|1)$/", order=order, **{place: line["scanned_to"]})
        assert rest[-1]["matches"] == 2 - line["matches"]
    # What is at the end can be gone on from, too: nothing more is there.
    assert texts(await found(api, order=order, **{place: lines[-1]["scanned_to"]})) == []


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_what_is_missing_is_said_in_its_place(api: httpx.AsyncClient, any_log: Log, order: str) -> None:
    any_log.append(4)
    await api.delete(PATH)
    any_log.append(3)
    any_log.append(2, shed=5)
    lines = await found(api, order=order)
    said = [("cleared", 4), ("agent_dropped", 5)]
    assert gaps(lines) == (said if order == "asc" else said[::-1])
    expected = ["5", "6", "7", "13", "14"]
    assert texts(lines) == (expected if order == "asc" else expected[::-1])
    kinds = [line["type"] for line in lines]
    assert kinds == (
        ["gap", "records", "gap", "records", "done"] if order == "asc" else ["records", "gap", "records", "gap", "done"]
    )


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_only_what_lies_between_two_places_is_looked_at(api: httpx.AsyncClient, any_log: Log, order: str) -> None:
    for _ in range(10):
        any_log.append(4)
    ids = [record["id"] for record in (await api.get(PATH)).json()["records"]]
    for first, last in ((0, 1), (3, 9), (5, 6), (7, 39), (38, 39)):
        lines = await found(api, after=ids[first], before=ids[last], order=order)
        expected = [str(n) for n in range(first + 2, last + 1)]
        assert texts(lines) == (expected if order == "asc" else expected[::-1])
        assert lines[-1]["next"] is None


async def test_both_orders_find_what_pages_find(api: httpx.AsyncClient, any_log: Log) -> None:
    chance = random.Random(7)
    for _ in range(120):
        any_log.append(chance.randint(1, 30), shed=chance.choice([0, 0, 0, 3]))
        if chance.random() < 0.02:
            await api.delete(PATH)
    for query in ("", "message:1", "message:/77$/", "nothing"):
        pages: list[str] = []
        place = "0-0"
        while place:
            page = (await api.get(PATH, params={"query": query, "after": place, "limit": 10_000})).json()
            pages += [record["message"] for record in page["records"]]
            place = page["next"]
        onward, back = (
            await found(api, query=query, limit=10_000),
            await found(api, query=query, limit=10_000, order="desc"),
        )
        assert texts(onward) == pages
        assert texts(back) == pages[::-1]
        assert gaps(back) == gaps(onward)[::-1]


async def test_an_empty_stream_has_nothing(api: httpx.AsyncClient, any_log: Log) -> None:
    any_log.append(1)
    await api.delete(PATH)
    for order in ("asc", "desc"):
        lines = await found(api, order=order)
        assert gaps(lines) == [("cleared", 1)]
        assert lines[-1]["done"]


@pytest.mark.parametrize(
    ("parameters", "parameter"),
    [
        ({"query": "("}, "query"),
        ({"order": "up"}, "order"),
        ({"after": "x"}, "after"),
        ({"before": "x"}, "before"),
        ({"before": "1-2"}, "before"),
        ({"limit": "0"}, "limit"),
    ],
)
async def test_mistakes_are_told_before_it_begins(
    api: httpx.AsyncClient, any_log: Log, parameters: dict[str, str], parameter: str
) -> None:
    any_log.append(1)
    any_log.append(1)
    [problem] = await found(api, 400, **parameters)
    assert problem["parameter"] == parameter


async def test_a_stream_that_is_not_there_is_not_searched(api: httpx.AsyncClient) -> None:
    assert (await api.get(f"{PATH}/search")).status_code == 404


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_what_cannot_be_read_is_a_gap(api: httpx.AsyncClient, any_log: Log, order: str) -> None:
    any_log.append(2)
    append_unreadable(any_log)
    any_log.append(1)
    lines = await found(api, order=order)
    assert gaps(lines) == [("unreadable", 1)]
    assert texts(lines) == (["1", "2", "4"] if order == "asc" else ["4", "2", "1"])


@pytest.mark.parametrize("change", ["asc", "desc"])
async def test_a_cursor_of_another_numbering_says_so_onward_and_counts_for_nothing_back(
    api: httpx.AsyncClient, any_log: Log, change: str
) -> None:
    any_log.append(2)
    lines = await found(api, order=change, after="1-1~other~0")
    assert [line["reason"] for line in lines if line["type"] == "gap"] == (["epoch"] if change == "asc" else [])
    assert texts(lines) == (["1", "2"] if change == "asc" else ["2", "1"])


async def test_a_client_that_hangs_up_ends_its_search(redis_server: RedisServer, prefix: str) -> None:
    with redis_server.client() as client:
        log = Log(client, Keys(prefix))
        for _ in range(400):
            log.append(512)
    app = create_app(Settings(url=redis_server.url, prefix=prefix))
    async with serving(app, lifespan="on") as server:
        history, base = app.gateway.history, f"http://{HOST}:{port_of(server)}"
        async with httpx.AsyncClient(base_url=base, timeout=TIMEOUT) as http:
            asked: dict[str, Any] = {"query": "/no such (text|thing)/"}
            before = history.reads
            lines = (await http.get(f"{PATH}/search", params=asked)).text.splitlines()
            whole = history.reads - before
            assert json.loads(lines[-1])["done"]
            at_rest = len(asyncio.all_tasks())
            before = history.reads
            async with http.stream("GET", f"{PATH}/search", params=asked) as answer:
                assert json.loads(await anext(answer.aiter_lines()))["type"] == "progress"
            await wait_for_async(lambda: len(asyncio.all_tasks()) <= at_rest, TIMEOUT, "the search to end")
            stopped = history.reads
            assert stopped - before < whole
            assert (await http.get(f"{PATH}/search", params={"limit": 1})).status_code == 200
            # That one read of its own; the one that was given up read nothing more.
            assert history.reads - stopped <= 2


async def test_redis_going_away_is_its_last_line(own_redis_server: MakeRedisServer, prefix: str) -> None:
    server = own_redis_server()
    log = Log(server.client(), Keys(prefix))
    for _ in range(400):
        log.append(512)
    app = create_app(Settings(url=server.url, prefix=prefix))
    async with serving(app, lifespan="on") as gateway:
        base = f"http://{HOST}:{port_of(gateway)}"
        async with (
            httpx.AsyncClient(base_url=base, timeout=TIMEOUT) as http,
            http.stream("GET", f"{PATH}/search", params={"query": "/no such (text|thing)/"}) as answer,
        ):
            lines = answer.aiter_lines()
            await anext(lines)
            server.kill()
            last = json.loads([line async for line in lines][-1])
    assert (last["type"], last["code"], last["done"]) == ("error", "unavailable", False)
    assert last["scanned_to"]
