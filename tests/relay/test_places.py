from __future__ import annotations

import pytest
import redis

from tailrace.wire import ZERO, Keys, StreamID
from tailrace_relay.cursor import Cursor, format_cursor
from tailrace_relay.history import History
from tailrace_relay.places import just_before, last_matching, positions_of, resolve
from tailrace_relay.position import START, Position, StreamMeta
from tailrace_relay.query import EVERYTHING, Query
from tailrace_relay.selection import Start
from tests.relay.live import Log

pytestmark = pytest.mark.anyio


async def meta_of(history: History, stream: str = "api") -> StreamMeta:
    meta = (await history.metas([stream]))[stream]
    assert meta is not None
    return meta


async def begin(history: History, start: Start, *streams: str, level: int = 0) -> dict[str, int]:
    """The number behind which each stream begins."""
    metas = await history.metas(streams or ["api"])
    return {
        name: place.id.n
        for name, place in (await positions_of(history, start, Query.parse("", level=level), metas)).items()
    }


async def test_without_a_start_it_begins_now(history: History, any_log: Log) -> None:
    any_log.append(3)
    assert await begin(history, Start()) == {"api": 3}


async def test_a_tail_begins_before_the_last_records(history: History, any_log: Log) -> None:
    for _ in range(4):
        any_log.append(3)
    assert [(await begin(history, Start(tail=tail)))["api"] for tail in (1, 3, 4, 12, 100)] == [11, 9, 8, 0, 0]


async def test_a_tail_of_several_streams_counts_them_together(
    history: History, any_log: Log, any_client: redis.Redis, prefix: str
) -> None:
    run, empty = Log(any_client, Keys(prefix), "run"), Log(any_client, Keys(prefix), "empty")
    empty.append(1)
    any_log.append(5)
    later = any_log.stream.now() + 5
    while any_log.stream.now() < later:
        pass
    run.append(2)
    found = await begin(history, Start(tail=4), "api", "run", "empty", "never")
    assert found == {"api": 3, "run": 0, "empty": 1, "never": 0}


async def test_a_tail_counts_only_what_matches(history: History, any_log: Log) -> None:
    for _ in range(3):
        any_log.append(2)
    assert await begin(history, Start(tail=2), level=30) == {"api": 6}
    assert await begin(history, Start(tail=2), level=20) == {"api": 4}


async def test_shed_records_are_none_to_be_counted(history: History, any_log: Log) -> None:
    any_log.append(2)
    any_log.append(1, shed=10)
    assert await begin(history, Start(tail=3)) == {"api": 0}
    assert await begin(history, Start(tail=2)) == {"api": 1}


async def test_a_bare_id_takes_over_the_numbering_in_force(history: History, any_log: Log) -> None:
    answer = any_log.append(3)
    meta = await meta_of(history)
    place = await resolve(history, "api", Position(answer.last), meta)
    assert place == Position(answer.last, answer.epoch, answer.generation)


async def test_a_numbering_that_a_cursor_names_stays(history: History, any_log: Log) -> None:
    any_log.append(3)
    old = Position(StreamID(5, 7), "gone", 3)
    assert await resolve(history, "api", old, await meta_of(history)) == old


async def test_a_time_is_a_place(history: History, any_log: Log) -> None:
    first = any_log.append(3)
    while (second := any_log.append(1)).last.ms == first.last.ms:
        pass
    place = await resolve(history, "api", Position(StreamID(second.last.ms, 0)), await meta_of(history))
    assert place.id.n == second.last.n - 1
    assert (await resolve(history, "api", START, await meta_of(history))).id == ZERO


async def test_a_cursor_of_several_streams_places_those_it_does_not_name_at_its_time(
    history: History, any_log: Log, any_client: redis.Redis, prefix: str
) -> None:
    answer = any_log.append(3)
    cursor = format_cursor(answer.last.ms, [("api", Position(answer.last, answer.epoch, 0), True)])
    run = Log(any_client, Keys(prefix), "run")
    run.append(2)
    any_log.append(1)
    found = await begin(history, Start(after=Cursor.parse(cursor)), "api", "run", "never")
    assert found == {"api": 3, "run": 0, "never": 0}


async def test_a_quiet_stream_that_went_on_is_found_from_the_as_of_time(history: History, any_log: Log) -> None:
    first = any_log.append(3)
    while (second := any_log.append(2)).last.ms == first.last.ms:
        pass
    any_log.stream.set_meta(born=5)
    assert await begin(history, Start(after=Cursor(as_of=first.last.ms))) == {"api": second.last.n - 2}
    assert await begin(history, Start(after=Cursor(as_of=second.last.ms))) == {"api": second.last.n}


async def test_the_last_matching_records_before_a_place_in_mid_frame(history: History, any_log: Log) -> None:
    answers = [any_log.append(4) for _ in range(3)]
    place = StreamID(answers[2].last.ms, 11)
    found, floor = await last_matching(history, "api", 4, EVERYTHING, place)
    assert [id.n for id in found] == [10, 9, 8, 7]
    assert floor is None or floor.n == 0
    assert [id.n for id in (await last_matching(history, "api", 100, EVERYTHING, place))[0]] == list(range(10, 0, -1))


async def test_the_place_before_all_that_was_looked_at_is_told(
    history: History, any_log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tailrace_relay.places.SCAN", 10)
    monkeypatch.setattr("tailrace_relay.places.FIRST_PAGE", 2)
    for _ in range(20):
        any_log.append(3)
    found, floor = await last_matching(history, "api", 5, Query.parse("", level=50))
    assert found == []
    assert floor is not None
    assert 0 < floor.n <= 50
    assert floor.n % 3 == 0


async def test_a_foreign_entry_does_not_hide_the_frame_that_a_place_lies_in(history: History, any_log: Log) -> None:
    any_log.append(2)
    any_log.client.xadd(any_log.stream.key, {"note": "not ours"})
    answer = any_log.append(4)
    found, _ = await last_matching(history, "api", 3, EVERYTHING, StreamID(answer.last.ms, 5))
    assert [id.n for id in found] == [4, 3, 2]


def test_the_place_before_a_record_is_its_neighbour() -> None:
    numbering = Position(ZERO, "e1", 5)
    assert just_before(StreamID(9, 7), numbering) == Position(StreamID(9, 6), "e1", 5)
    assert just_before(StreamID(9, 1), numbering) == Position(ZERO, "e1", 5)
