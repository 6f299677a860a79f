"""What clients may keep of history: only what can never be another thing under the same name."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tailrace.wire import StreamID
from tailrace_relay.pages import HistoryPage
from tailrace_relay.position import Position
from tailrace_relay.reader import Gap
from tailrace_relay.rest.caching import is_immutable, pin_of
from tests.relay.live import Log
from tests.relay.stored import StoredStream

pytestmark = pytest.mark.anyio

PATH = "/api/streams/api/records"
IMMUTABLE = "private, max-age=3600, immutable"
ASK = "private, no-cache"


async def cursors(api: httpx.AsyncClient, log: Log) -> list[str]:
    """Behind each of ten records, as the gateway gives them; more records lie behind the last."""
    log.append(6)
    log.append(6)
    found, place = [], "0-0"
    for _ in range(10):
        place = (await api.get(PATH, params={"after": place, "limit": 1})).json()["next"]
        found.append(place)
    return found


async def get(api: httpx.AsyncClient, headers: dict[str, str] | None = None, **parameters: Any) -> httpx.Response:
    return await api.get(PATH, params=parameters, headers=headers)


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_a_page_between_two_cursors_need_never_be_asked_for_again(
    api: httpx.AsyncClient, any_log: Log, order: str
) -> None:
    place = await cursors(api, any_log)
    answer = await get(api, after=place[1], before=place[8], order=order, query="-nothing", limit=4)
    assert answer.headers["cache-control"] == IMMUTABLE
    assert answer.headers["vary"] == "Authorization, Cookie"
    assert len(answer.json()["records"]) == 4
    any_log.append(3)
    again = await get(api, after=place[1], before=place[8], order=order, query="-nothing", limit=4)
    assert (again.headers["etag"], again.content) == (answer.headers["etag"], answer.content)


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
async def test_who_has_it_is_not_told_it_again(api: httpx.AsyncClient, any_log: Log, form: str) -> None:
    place = await cursors(api, any_log)
    answer = await get(api, after=place[1], before=place[8])
    known = {"If-None-Match": form.format(answer.headers["etag"])}
    again = await get(api, known, after=place[1], before=place[8])
    assert (again.status_code, again.content) == (304, b"")
    assert (again.headers["etag"], again.headers["cache-control"]) == (answer.headers["etag"], IMMUTABLE)
    assert (await get(api, known | {"If-None-Match": '"other"'}, after=place[1], before=place[8])).status_code == 200


async def test_a_bare_id_at_the_end_is_asked_for_each_time(api: httpx.AsyncClient, any_log: Log) -> None:
    place = await cursors(api, any_log)
    answer = await get(api, after=place[1], before=place[8].split("~")[0])
    assert answer.headers["cache-control"] == ASK
    known = {"If-None-Match": answer.headers["etag"]}
    assert (await get(api, known, after=place[1], before=place[8].split("~")[0])).status_code == 304
    assert (await get(api, known, after=place[2], before=place[8].split("~")[0])).status_code == 200


async def test_a_bare_id_at_the_start_is_as_good_as_a_cursor(api: httpx.AsyncClient, any_log: Log) -> None:
    place = await cursors(api, any_log)
    assert (await get(api, after="0-0", before=place[8])).headers["cache-control"] == IMMUTABLE


async def test_what_is_open_or_has_a_time_is_not_kept(api: httpx.AsyncClient, any_log: Log) -> None:
    place = await cursors(api, any_log)
    asked: list[dict[str, Any]] = [
        {},
        {"after": place[1]},
        {"before": place[8]},
        {"after": place[1], "before": place[8], "since": "-15m"},
        {"after": place[1], "before": place[8], "until": "2100-01-01"},
    ]
    for parameters in asked:
        answer = await get(api, **parameters)
        assert answer.headers["cache-control"] == "no-store"
        assert "etag" not in answer.headers


async def test_what_was_cleared_is_no_longer_the_same(api: httpx.AsyncClient, any_log: Log) -> None:
    place = await cursors(api, any_log)
    answer = await get(api, after=place[1], before=place[8])
    await api.delete(PATH)
    again = await get(api, {"If-None-Match": answer.headers["etag"]}, after=place[1], before=place[8])
    assert (again.status_code, again.headers["cache-control"]) == (200, ASK)
    assert [gap["reason"] for gap in again.json()["gaps"]] == ["cleared"]


def a_page(*reasons: str) -> HistoryPage:
    page = HistoryPage.at("api", Position(StreamID(1, 1), "e1", 0))
    page.gaps = [Gap(1, StreamID(1, 1), StreamID(1, 3), reason, page.position) for reason in reasons]
    return page


def test_a_generation_that_withdrew_what_lies_before_the_end_makes_it_another_page() -> None:
    stream = StoredStream()
    for _ in range(5):
        stream.append()
    before, end = stream.meta, stream.position(4)
    assert before is not None
    assert is_immutable(a_page(), before, end)
    stream.roll_back(3)
    stream.append(6)
    after = stream.meta
    assert after is not None
    assert not is_immutable(a_page(), after, end)
    assert is_immutable(a_page(), after, stream.position(4))
    # What both generations have in common is the same in both: 1 and 2.
    assert is_immutable(a_page(), after, end._replace(id=StreamID(end.id.ms, 3)))


@pytest.mark.parametrize("reason", ["trimmed", "cleared", "fork", "epoch", "unreadable"])
def test_a_gap_says_that_it_was_another_thing_or_will_be(reason: str) -> None:
    stream = StoredStream()
    stream.append(5)
    assert stream.meta is not None
    assert is_immutable(a_page("agent_dropped"), stream.meta, stream.position(5))
    assert not is_immutable(a_page("agent_dropped", reason), stream.meta, stream.position(5))


def test_an_end_beyond_the_newest_or_of_another_numbering_is_none() -> None:
    stream = StoredStream()
    stream.append(5)
    meta = stream.meta
    assert meta is not None
    assert not is_immutable(a_page(), meta, Position(StreamID(9_999, 6), "e1", 0))
    assert not is_immutable(a_page(), meta, Position(StreamID(1_001, 5), "e2", 0))
    assert not is_immutable(a_page(), meta, Position(StreamID(1_001, 5), "e1", 7))
    assert not is_immutable(a_page(), meta, pin_of("1001-5"))
    assert not is_immutable(a_page(), meta, pin_of("0~api~1001-5~e1~0"))
