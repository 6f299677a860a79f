from __future__ import annotations

from typing import Any

import pytest
import redis

from tailrace.wire import ZERO, Keys, StreamID
from tailrace_relay.errors import Unavailable
from tailrace_relay.history import FIRST_PAGE, LARGEST_PAGE, PAGE_BYTES, History, connect, next_count
from tailrace_relay.position import START, Position
from tailrace_relay.reader import Entry, Page
from tests.relay.live import Log
from tests.relay.stored import frame_of
from tests.servers import MakeRedisServer, RedisServer, free_port

pytestmark = pytest.mark.anyio


async def test_a_page_is_what_lies_behind_an_id_and_the_meta_of_that_moment(history: History, any_log: Log) -> None:
    answers = [any_log.append(2) for _ in range(3)]
    page = await history.page("api", answers[0].last, 10)
    assert [entry.id for entry in page.entries] == [answers[1].last, answers[2].last]
    assert page.meta is not None
    assert page.meta.last == answers[2].last
    assert page.meta.epoch == answers[0].epoch
    assert not page.more


async def test_a_full_page_says_that_there_may_be_more(history: History, any_log: Log) -> None:
    for _ in range(3):
        any_log.append(1)
    assert (await history.page("api", ZERO, 3)).more
    assert not (await history.page("api", ZERO, 4)).more


async def test_a_page_of_a_stream_that_never_was_is_empty(history: History) -> None:
    assert await history.page("api", ZERO) == Page(None, ZERO, [], False)


async def test_a_page_before_an_id_goes_back(history: History, any_log: Log) -> None:
    answers = [any_log.append(2) for _ in range(4)]
    page = await history.page_before("api", answers[3].last, 2)
    assert [entry.id for entry in page.entries] == [answers[2].last, answers[1].last]
    assert page.scan == answers[1].last
    assert page.more
    assert [entry.id.n for entry in (await history.page_before("api", None, 10)).entries] == [8, 6, 4, 2]


async def test_foreign_entries_are_counted_and_named_as_such(history: History, any_log: Log) -> None:
    any_log.append(1)
    any_log.client.xadd(any_log.stream.key, {"note": "not ours"})
    any_log.client.xadd(any_log.stream.key, {"f": b"TR damaged"})
    any_log.client.xadd(any_log.stream.key, {"f": b""}, id="18446744073709551615-3")
    page = await history.page("api", ZERO)
    assert [entry.frame is None for entry in page.entries] == [False, True, True, True]
    assert history.foreign == 3


async def test_a_time_is_the_place_before_the_first_record_of_it(history: History, any_log: Log) -> None:
    first = any_log.append(3)
    while (second := any_log.append(2)).last.ms == first.last.ms:
        pass
    place = await history.at_time("api", second.last.ms)
    assert place == Position(StreamID(second.last.ms, second.last.n - 2), second.epoch, second.generation)
    page = await history.page("api", place.id)
    assert page.entries[0].id == second.last


async def test_a_time_before_the_stream_began_is_its_start(history: History, any_log: Log) -> None:
    answer = any_log.append(3)
    assert await history.at_time("api", 5) == Position(ZERO, answer.epoch, answer.generation)


async def test_a_time_after_the_last_record_is_the_end(history: History, any_log: Log) -> None:
    answer = any_log.append(3)
    assert await history.at_time("api", (1 << 53) - 1) == Position(answer.last, answer.epoch, answer.generation)


async def test_a_time_in_a_stream_that_never_was_is_its_start(history: History) -> None:
    assert await history.at_time("api", 5) == START


async def test_shed_records_belong_to_the_time_of_the_frame_behind_them(history: History, any_log: Log) -> None:
    any_log.append(1)
    answer = any_log.append(1, shed=3)
    any_log.client.xtrim(any_log.stream.key, maxlen=1, approximate=False)
    any_log.stream.set_meta(born=0)
    assert (await history.at_time("api", answer.last.ms)).id.n == 1


async def test_many_foreign_entries_do_not_hide_the_record_behind_them(history: History, any_log: Log) -> None:
    answer = any_log.append(1)
    any_log.stream.set_meta(born=0)
    for _ in range(100):
        any_log.client.xadd(any_log.stream.key, {"note": "not ours"})
    any_log.append(1)
    assert (await history.at_time("api", answer.last.ms + 1)).id.n == 1
    _, entry = await history.first_frame("api", answer.last)
    assert entry is not None
    assert entry.id.n == 2


async def test_the_oldest_record_kept(history: History, any_log: Log) -> None:
    any_log.append(3)
    answer = any_log.append(2)
    oldest = await history.oldest(["api", "other"])
    assert oldest["api"] is not None
    assert (oldest["api"].n, oldest["other"]) == (1, None)
    any_log.client.xtrim(any_log.stream.key, maxlen=1, approximate=False)
    assert await history.oldest(["api"]) == {"api": StreamID(answer.last.ms, 4)}


async def test_a_foreign_entry_at_the_start_is_not_the_oldest_record(history: History, any_log: Log) -> None:
    any_log.append(1)
    any_log.client.xadd(any_log.stream.key, {"note": "not ours"}, id="*")
    answer = any_log.append(2)
    any_log.client.xtrim(any_log.stream.key, maxlen=2, approximate=False)
    assert await history.oldest(["api"]) == {"api": StreamID(answer.last.ms, 2)}


async def test_streams_are_listed_by_their_last_activity(
    history: History, any_client: redis.Redis, prefix: str
) -> None:
    any_client.zadd(Keys(prefix).streams, {"b": 20, "a": 30, "c": 10})
    assert await history.streams() == [("a", 30), ("b", 20), ("c", 10)]
    assert await history.streams(since=20) == [("a", 30), ("b", 20)]


async def test_names_and_times_that_nobody_of_ours_wrote_are_passed_over(
    history: History, any_client: redis.Redis, prefix: str
) -> None:
    names: Any = {"a": 1, "a b": 2, b"\xff": 3, "": 4, "b": float("inf"), "c": 5}
    any_client.zadd(Keys(prefix).streams, names)
    assert [name for name, _ in await history.streams()] == ["c", "a"]


async def test_metas_of_streams_that_are_and_are_not(history: History, any_log: Log) -> None:
    answer = any_log.append(2)
    metas = await history.metas(["api", "other"])
    assert metas["other"] is None
    assert metas["api"] is not None
    assert metas["api"].last == answer.last
    assert await history.metas([]) == {}


async def test_a_key_of_a_wrong_type_is_a_stream_without_a_numbering(redis_server: RedisServer, prefix: str) -> None:
    """On a real Redis alone: fakeredis hangs up after an error."""
    keys, client = Keys(prefix), connect(redis_server.url)
    history = History(client, keys)
    with redis_server.client() as connection:
        answer = Log(connection, keys).append(1)
        connection.set(keys.meta("other"), "a text")
        connection.set(keys.stream("other"), "a text")
    metas = await history.metas(["api", "other"])
    assert metas["other"] is None
    assert metas["api"] is not None
    assert (await history.oldest(["other", "api"]))["api"] == answer.last
    assert await history.page("other", ZERO) == Page(None, ZERO, [], False)
    await client.aclose()


async def test_redis_time_is_in_milliseconds(history: History, any_log: Log) -> None:
    before = any_log.stream.now()
    assert before <= await history.now() <= any_log.stream.now()


async def test_what_does_not_answer_is_unavailable() -> None:
    client = connect(f"redis://127.0.0.1:{free_port()}/0")
    history = History(client, Keys())
    with pytest.raises(Unavailable, match="Redis does not answer"):
        await history.now()
    with pytest.raises(Unavailable):
        await history.page("api", ZERO)
    await client.aclose()


async def test_a_denied_command_is_unavailable_too(own_redis_server: MakeRedisServer) -> None:
    server = own_redis_server()
    client = connect(server.url)
    with server.client() as admin:
        admin.execute_command("ACL", "SETUSER", "default", "-hmget")
        with pytest.raises(Unavailable, match="hmget"):
            await History(client, Keys()).metas(["api"])
    await client.aclose()


def page_of(sizes: list[int], more: bool = True) -> Page:
    return Page(None, ZERO, [Entry(ZERO, frame_of(["x" * size])) for size in sizes], more)


async def test_pages_grow_until_they_are_of_a_good_size() -> None:
    assert next_count(page_of([10] * 4), FIRST_PAGE) == 2 * FIRST_PAGE
    assert next_count(page_of([10] * 4), LARGEST_PAGE) == LARGEST_PAGE
    assert next_count(page_of([10] * 4, more=False), FIRST_PAGE) == FIRST_PAGE
    assert next_count(page_of([PAGE_BYTES]), FIRST_PAGE) == FIRST_PAGE
    assert next_count(page_of([PAGE_BYTES] * 3), FIRST_PAGE) == FIRST_PAGE // 2
    assert next_count(page_of([PAGE_BYTES] * 3), 1) == 1
