from __future__ import annotations

import json
import zlib
from typing import Any

import pytest

from tailrace.wire import SCRIPT, Answer, Facts, Record, StreamID, append_call, make_frame
from tailrace_relay.cursor import Cursor
from tailrace_relay.history import History
from tailrace_relay.pages import read_back, read_onward
from tailrace_relay.position import StreamMeta
from tailrace_relay.query import Query
from tests.relay.live import Log
from tests.relay.stored import NOON

pytestmark = pytest.mark.anyio


class Reading:
    """Pages of one stream, as a client of the REST interface walks them."""

    def __init__(self, history: History, stream: str = "api") -> None:
        self._history = history
        self._stream = stream

    async def _meta(self) -> StreamMeta:
        meta = (await self._history.metas([self._stream]))[self._stream]
        assert meta is not None
        return meta

    async def onward(self, after: str = "0-0", *, before: str = "", limit: int = 100, level: int = 0) -> dict[str, Any]:
        start = Cursor.parse(after).single
        assert start is not None
        end = StreamID.parse(before) if before else None
        meta = await self._meta()
        page = await read_onward(
            self._history, self._stream, meta, start, before=end, limit=limit, query=Query.parse("", level=level)
        )
        found: dict[str, Any] = json.loads(page.json(newest_first=False))
        return found

    async def back(self, before: str = "", *, after: str = "", limit: int = 100, level: int = 0) -> dict[str, Any]:
        end = StreamID.parse(before) if before else None
        start = Cursor.parse(after).single if after else None
        meta = await self._meta()
        page = await read_back(
            self._history, self._stream, meta, end, after=start, limit=limit, query=Query.parse("", level=level)
        )
        found: dict[str, Any] = json.loads(page.json(newest_first=True))
        return found


def numbers(page: dict[str, Any]) -> list[int]:
    return [StreamID.parse(record["id"]).n for record in page["records"]]


def gaps(page: dict[str, Any]) -> list[str]:
    return [f"{gap['reason']}:{gap['count']}" for gap in page["gaps"]]


@pytest.fixture
def reading(history: History) -> Reading:
    return Reading(history)


def append_levels(log: Log, *levels: int) -> Answer:
    """A frame of one record for each level."""
    records = [Record(time=NOON, level_number=level, logger="t", message=str(level)) for level in levels]
    frame = make_frame(log.producer.id, log.seq + 1, Facts(), records)
    names, arguments = append_call(
        log.keys,
        log.name,
        frame,
        producer=log.producer.id,
        count=len(levels),
        first_seq=log.seq + 1,
        shed=0,
        epoch="e1",
    )
    log.seq += len(levels)
    return Answer.parse(log.client.eval(SCRIPT, len(names), *names, *arguments))


async def walk_onward(reading: Reading, limit: int, level: int = 0) -> tuple[list[int], list[str]]:
    found: list[int] = []
    missing: list[str] = []
    after: str | None = "0-0"
    while after is not None:
        page = await reading.onward(after, limit=limit, level=level)
        found += numbers(page)
        missing += gaps(page)
        after = page["next"]
    return found, missing


async def walk_back(reading: Reading, limit: int, level: int = 0) -> tuple[list[int], list[str]]:
    found: list[int] = []
    missing: list[str] = []
    before: str | None = ""
    while before is not None:
        page = await reading.back(before, limit=limit, level=level)
        found += numbers(page)
        missing += gaps(page)
        before = page["next"]
    return found, missing


async def test_a_page_onward_begins_behind_its_cursor(reading: Reading, any_log: Log) -> None:
    for _ in range(4):
        any_log.append(3)
    page = await reading.onward(limit=5)
    assert numbers(page) == [1, 2, 3, 4, 5]
    assert page["previous"] is None
    assert numbers(await reading.onward(page["next"], limit=5)) == [6, 7, 8, 9, 10]


async def test_a_page_back_is_newest_first(reading: Reading, any_log: Log) -> None:
    for _ in range(4):
        any_log.append(3)
    page = await reading.back(limit=5)
    assert numbers(page) == [12, 11, 10, 9, 8]
    assert page["previous"] is None
    assert numbers(await reading.back(page["next"], limit=5)) == [7, 6, 5, 4, 3]


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 7, 100])
async def test_every_record_comes_once_both_ways(reading: Reading, any_log: Log, limit: int) -> None:
    for count in (1, 3, 2, 5, 1, 1):
        any_log.append(count)
    assert await walk_onward(reading, limit) == (list(range(1, 14)), [])
    assert await walk_back(reading, limit) == (list(range(13, 0, -1)), [])


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
async def test_every_gap_comes_once_both_ways(reading: Reading, any_log: Log, limit: int) -> None:
    for count, shed in ((2, 0), (2, 3), (1, 0), (2, 4), (3, 1)):
        any_log.append(count, shed=shed)
    any_log.client.xtrim(any_log.stream.key, maxlen=4, approximate=False)
    records, missing = await walk_onward(reading, limit)
    assert records == [6, 7, 8, 13, 14, 16, 17, 18]
    assert missing == ["trimmed:2", "agent_dropped:3", "agent_dropped:4", "agent_dropped:1"]
    records, missing = await walk_back(reading, limit)
    assert records == [18, 17, 16, 14, 13, 8, 7, 6]
    assert missing == ["agent_dropped:1", "agent_dropped:4", "agent_dropped:3", "trimmed:2"]


@pytest.mark.parametrize("limit", [1, 2, 100])
async def test_only_what_matches_comes_and_all_of_it(reading: Reading, any_log: Log, limit: int) -> None:
    append_levels(any_log, 10, 40, 10)
    append_levels(any_log, 10, 10)
    append_levels(any_log, 40, 10, 40)
    append_levels(any_log, 10)
    assert await walk_onward(reading, limit, level=40) == ([2, 6, 8], [])
    assert await walk_back(reading, limit, level=40) == ([8, 6, 2], [])


async def test_a_walk_goes_on_where_a_page_found_nothing_within_its_scan(
    reading: Reading, any_log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("pages", "places"):
        monkeypatch.setattr(f"tailrace_relay.{module}.SCAN", 10)
        monkeypatch.setattr(f"tailrace_relay.{module}.FIRST_PAGE", 2)
    append_levels(any_log, 50)
    for _ in range(20):
        append_levels(any_log, 10, 10, 10)
    append_levels(any_log, 50)
    for _ in range(20):
        append_levels(any_log, 10, 10, 10)
    assert await walk_onward(reading, 5, level=50) == ([1, 62], [])
    assert await walk_back(reading, 5, level=50) == ([62, 1], [])
    first = await reading.back(limit=5, level=50)
    assert first["records"] == []
    assert first["next"] is not None


async def test_both_cursors_of_a_page_lead_back_to_it(reading: Reading, any_log: Log) -> None:
    for _ in range(6):
        any_log.append(3)
    first = await reading.onward(limit=4)
    second = await reading.onward(first["next"], limit=4)
    assert numbers(await reading.back(second["previous"], limit=4)) == [4, 3, 2, 1]
    last = await reading.back(limit=4)
    before = await reading.back(last["next"], limit=4)
    assert numbers(await reading.onward(before["previous"], limit=4)) == [15, 16, 17, 18]


async def test_the_end_has_no_next_page_until_there_is_more(reading: Reading, any_log: Log) -> None:
    any_log.append(3)
    page = await reading.onward()
    assert page["next"] is None
    end = "0-3"
    assert numbers(await reading.onward(end)) == []
    assert (await reading.onward(end))["previous"] is not None
    any_log.append(2)
    assert numbers(await reading.onward(end)) == [4, 5]


async def test_a_page_ends_before_an_id_in_mid_frame(reading: Reading, any_log: Log) -> None:
    answer = any_log.append(6)
    assert numbers(await reading.onward(before=f"{answer.last.ms}-4")) == [1, 2, 3]
    assert numbers(await reading.back(f"{answer.last.ms}-4")) == [3, 2, 1]
    assert numbers(await reading.back(f"{answer.last.ms}-4", after=f"{answer.last.ms}-1")) == [3, 2]
    assert numbers(await reading.back(f"{answer.last.ms}-1")) == []


async def test_an_end_beyond_the_stream_is_its_end(reading: Reading, any_log: Log) -> None:
    answer = any_log.append(3)
    assert numbers(await reading.back(f"{answer.last.ms}-400", limit=2)) == [3, 2]
    assert numbers(await reading.onward(before=f"{answer.last.ms + 99}-400")) == [1, 2, 3]


async def test_a_cursor_of_another_epoch_is_a_gap_and_the_stream_from_its_start(reading: Reading, any_log: Log) -> None:
    any_log.append(3)
    page = await reading.onward("5-7~gone~0", limit=2)
    assert gaps(page) == ["epoch:None"]
    assert numbers(page) == [1, 2]
    assert page["previous"] is None


async def test_a_cursor_from_the_future_is_a_fork_back_to_the_end(reading: Reading, any_log: Log) -> None:
    answer = any_log.append(3)
    page = await reading.onward(f"{answer.last.ms}-10~{answer.epoch}~{answer.generation}")
    assert (gaps(page), numbers(page), page["next"]) == (["fork:7"], [], None)


async def test_an_unreadable_frame_is_a_gap_on_its_page(reading: Reading, any_log: Log) -> None:
    any_log.append(1)
    frame = any_log.producer.frame(2, 3)
    # The header says one byte more of body than there is, and the checksum agrees.
    wrong = frame[:36] + (int.from_bytes(frame[36:40]) + 1).to_bytes(4) + frame[40:]
    wrong = wrong[:4] + zlib.crc32(wrong[8:]).to_bytes(4) + wrong[8:]
    names, arguments = append_call(
        any_log.keys, "api", wrong, producer=any_log.producer.id, count=3, first_seq=2, shed=0, epoch="e1"
    )
    any_log.client.eval(SCRIPT, len(names), *names, *arguments)
    any_log.seq = 4
    any_log.append(1)
    assert await walk_onward(reading, 1) == ([1, 5], ["unreadable:3"])
    records, missing = await walk_back(reading, 1)
    assert records == [5, 1]
    assert sum(int(gap.removeprefix("unreadable:")) for gap in missing) == 3


async def test_a_bare_number_whose_time_is_not_known_is_a_place_too(reading: Reading, any_log: Log) -> None:
    for _ in range(3):
        any_log.append(3)
    page = await reading.onward("0-4", limit=2)
    assert numbers(page) == [5, 6]
    assert numbers(await reading.back(page["previous"], limit=2)) == [4, 3]


async def test_pages_of_a_stream_that_was_trimmed_to_nothing(reading: Reading, any_log: Log) -> None:
    any_log.append(3)
    any_log.client.xtrim(any_log.stream.key, maxlen=0, approximate=False)
    assert gaps(await reading.onward()) == ["trimmed:3"]
    assert gaps(await reading.back()) == ["trimmed:3"]
    assert (await reading.back())["next"] is None


async def test_what_is_appended_meanwhile_does_not_shift_a_walk_back(reading: Reading, any_log: Log) -> None:
    any_log.append(4)
    page = await reading.back(limit=2)
    any_log.append(4)
    assert numbers(page) == [4, 3]
    assert numbers(await reading.back(page["next"], limit=2)) == [2, 1]
