from __future__ import annotations

from typing import Any

import pytest

from tailrace.wire import Record
from tests.relay.dialects.conftest import Relay
from tests.relay.dialects.event_source import EventSource
from tests.relay.dialects.journal import Journal, record
from tests.relay.dialects.settling import live

pytestmark = pytest.mark.anyio

ADDRESS = "/api/monitoring/advanced/logs/stream"


def source(relay: Relay, last_id: str = "") -> EventSource:
    return EventSource(relay.url + ADDRESS, last_id)


def messages(found: list[Any]) -> list[str]:
    return [each["message"] for each in found]


async def test_the_last_fifty_come_first_in_the_order_of_time_and_then_each(relay: Relay, journal: Journal) -> None:
    for n in range(6):
        journal.write("api" if n % 2 else "web", *(f"{n}/{i}" for i in range(10)))
        journal.pause()
    async with source(relay).connected(token="x") as page:
        first = await page.take(50)
        assert messages(first) == [f"{n}/{i}" for n in range(1, 6) for i in range(10)]
        await live(relay)
        # What is logged in a run stands in the stream of its process, too.
        journal.write("run:1", record("new", 40))
        journal.write("api", record("new", 40, fields={"order": 17, "logger": "mine"}))
        assert await page.next() == {
            "timestamp": "2025-11-21T00:00:00.000000Z",
            "level": "ERROR",
            "message": "new",
            "metadata": {"order": 17, "logger": "app.db"},
        }
        assert b"event:" not in page.raw
        assert page.raw.count(b"\ndata: ") == 51


async def test_a_browser_resumes_after_any_record_and_gets_each_once(relay: Relay, journal: Journal) -> None:
    """Also in the middle of a batch, of a page of history, and after what came meanwhile."""
    expected: list[str] = []

    def write(name: str) -> None:
        for stream in ("api", "web"):
            journal.write(stream, *(f"{name} {stream} {i}" for i in range(7)))
            expected.extend(f"{name} {stream} {i}" for i in range(7))
        journal.pause()

    page, found = source(relay), []
    write("old")
    for turn, count in enumerate((1, 6, 9, 3, 20, 2)):
        async with page.connected():
            await live(relay)
            write(f"turn {turn}")
            found += messages(await page.take(count))
        await live(relay, 0)
    async with page.connected():
        found += messages(await page.take(len(expected) - len(found)))
        await live(relay)
        journal.write("api", "end")
        assert (await page.next())["message"] == "end"
    assert sorted(found) == sorted(expected)
    for stream in ("api", "web"):
        assert [each for each in found if stream in each] == [each for each in expected if stream in each]


@pytest.mark.parametrize(
    ("level", "search", "expected", "next_one"),
    [
        ("error,debug", "", ["a DEBUG Timeout.", "a ERROR Timeout.", "other"], record("next", 40)),
        ("Error, WARN", "timeout", ["a WARNING Timeout.", "a ERROR Timeout."], record("next TIMEOUT", 30)),
        ("notice", "", ["Timeout"], record("next", 25, level="NOTICE")),
        ("25", "", ["Timeout"], record("next", 25, level="NOTICE")),
        ("", "O TIME", ["a INFO Timeout."], record("next o time")),
        ("", '" OR *', [], record('next " or *')),
        ("", "level:error", [], record("next level:error")),
        ('error" OR "info', "", [], record("next", 25, level='error" OR "info')),
    ],
)
async def test_levels_are_exactly_these_and_search_is_a_part_of_the_message(
    relay: Relay, journal: Journal, level: str, search: str, expected: list[str], next_one: Record
) -> None:
    levels = [("DEBUG", 10), ("INFO", 20), ("WARNING", 30), ("ERROR", 40), ("CRITICAL", 50)]
    journal.write("api", *(record(f"a {name} Timeout.", number) for name, number in levels))
    journal.write("api", record("Timeout", 25, level="NOTICE"), record("other", 40, fields={"x": "timeout"}))
    async with source(relay).connected(level=level, search=search) as page:
        assert messages(await page.take(len(expected))) == expected
        await live(relay)
        journal.write("api", record("no match", 5), next_one)
        assert (await page.next())["message"] == next_one.message


async def test_what_is_missing_is_a_warning_with_an_id_of_its_own(relay: Relay, journal: Journal) -> None:
    page = source(relay)
    journal.write("api", "first")
    async with page.connected(level="ERROR"):
        await live(relay)
        journal.write("api", record("worse", 40), shed=(0, 9, 0, 0, 0))
        missing = await page.next()
    assert (missing["level"], missing["message"]) == ("WARNING", "9 records are missing: agent_dropped")
    assert missing["metadata"] == {"logger": "tailrace"}
    await live(relay, 0)
    async with page.connected(level="ERROR"):
        assert (await page.next())["message"] == "worse"


async def test_records_that_were_trimmed_while_a_page_was_away_are_declared(relay: Relay, journal: Journal) -> None:
    page = source(relay)
    journal.write("api", "seen")
    async with page.connected():
        await page.next()
    for n in range(5):
        journal.write("api", f"away {n}")
    journal.trim("api", 2)
    async with page.connected():
        assert messages(await page.take(3)) == ["3 records are missing: trimmed", "away 3", "away 4"]


@pytest.mark.parametrize("last_id", ["17", "x" * 5000, "1763683200000-42", "~~"])
async def test_a_page_with_an_unusable_id_is_told_and_gets_the_last_records(
    relay: Relay, journal: Journal, last_id: str
) -> None:
    journal.write("api", "last")
    async with source(relay, last_id).connected() as page:
        if last_id != "17":
            warning = await page.next()
            assert warning["level"] == "WARNING"
            assert "not known" in warning["message"]
        assert (await page.next())["message"] == "last"


async def test_a_quiet_stream_is_pinged(relay: Relay) -> None:
    async with source(relay).connected() as page:
        await page.until_raw(b": ping\n\n")


async def test_two_pages_share_one_encoding(relay: Relay, journal: Journal) -> None:
    async with source(relay).connected(level="INFO") as first, source(relay).connected(level="info") as second:
        await live(relay, 2)
        before = relay.gateway.hub.counters.encodings
        journal.write("api", *(f"{n}" for n in range(20)))
        assert await first.take(20) == await second.take(20)
        assert relay.gateway.hub.counters.encodings - before == 1
