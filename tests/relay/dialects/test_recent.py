from __future__ import annotations

import random

import pytest

from tailrace_relay.dialects import recent as module
from tailrace_relay.dialects.choosing import has_levels, is_value, query_of
from tailrace_relay.dialects.entry import entries
from tailrace_relay.dialects.recent import Recent, find_recent
from tailrace_relay.history import History
from tailrace_relay.query import Query
from tailrace_relay.reader import Gap
from tailrace_relay.selection import Selection
from tests.relay.dialects.journal import Journal, record
from tests.relay.live import Log

pytestmark = pytest.mark.anyio


@pytest.fixture
def journal(any_log: Log) -> Journal:
    return Journal(any_log.client, any_log.keys)


def every(query: Query | None = None) -> Selection:
    return Selection(("*",), query_of() if query is None else query)


async def shown(recent: Recent) -> list[str]:
    """Messages as a client gets them, and the reasons of gaps."""
    found: list[str] = []
    async for _, item in recent.read():
        if isinstance(item, Gap):
            found.append(item.reason)
        else:
            found += [entry.message for entry in entries(item.piece, item.places)]
    return found


async def test_the_last_of_all_streams_come_in_the_order_of_time(history: History, journal: Journal) -> None:
    chance = random.Random(7)
    written: list[str] = []
    for turn in range(30):
        names = [f"{turn}/{i}" for i in range(chance.randrange(1, 6))]
        journal.write(chance.choice("abcd"), *names)
        written += names
        journal.pause()
    for count in (1, 2, 7, 40, len(written), 10_000):
        assert await shown(await find_recent(history, every(), count)) == written[-count:]


async def test_only_what_matches_is_counted(history: History, journal: Journal) -> None:
    for turn in range(10):
        journal.write("a" if turn % 2 else "b", record(f"{turn}", 40), record("quiet", 10))
        journal.pause()
    errors = every(query_of(has_levels("ERROR")))
    assert await shown(await find_recent(history, errors, 3)) == ["7", "8", "9"]


async def test_streams_that_nobody_has_named_are_only_glanced_at(
    history: History, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GLANCE", 5)
    journal.write("other", record("far back"), service="shop")
    for n in range(100):
        journal.write("other", f"{n}", service="web")
    journal.write("other", record("near"), service="shop")
    journal.write("own", record("first"), service="shop")
    selection = every(query_of(is_value("service", "shop")))
    assert sorted(await shown(await find_recent(history, selection, 9, ["own", "{no stream}"]))) == ["first", "near"]
    assert "far back" in await shown(await find_recent(history, selection, 9))


async def test_what_a_gap_stands_for_is_told_in_its_place(history: History, journal: Journal) -> None:
    journal.write("a", "first")
    journal.write("a", "second", shed=(1, 0, 0, 0, 0))
    assert await shown(await find_recent(history, every(), 5)) == ["first", "agent_dropped", "second"]


async def test_nothing_of_a_new_numbering_is_taken_for_the_old(history: History, journal: Journal) -> None:
    """The session that goes on from here tells that the numbering was lost, and then what is in the new one."""
    journal.write("a", "old 1", "old 2")
    recent = await find_recent(history, every(), 5)
    before = recent.metas["a"].newest
    journal.client.delete(journal.keys.stream("a"), journal.keys.meta("a"))
    journal.write("a", *(f"new {n}" for n in range(9)))
    assert await shown(recent) == []
    after = recent.start().after
    assert after is not None
    assert after.positions["a"].epoch == before.epoch


async def test_a_session_goes_on_exactly_behind_it(history: History, journal: Journal) -> None:
    journal.write("a", "1", "2", "3")
    recent = await find_recent(history, every(), 2)
    # Of the same frame that Redis has, more may have come by now: this is not part of it.
    journal.write("a", "4")
    assert await shown(recent) == ["2", "3"]
    assert recent.places["a"].id.n == 3
