from __future__ import annotations

import re
from typing import Any

import pytest

from tests.relay.dialects.conftest import Relay
from tests.relay.dialects.journal import Journal, record
from tests.relay.dialects.settling import live

pytestmark = pytest.mark.anyio

WELCOME = "🌐 Connected to server log stream"


def messages(found: list[Any]) -> list[str]:
    return [each["message"] for each in found]


@pytest.mark.parametrize("websocket_server", ["ours", "any"], indirect=True)
async def test_it_is_welcomed_and_then_shown_each_record_of_every_stream(relay: Relay, journal: Journal) -> None:
    async with relay.connect("/ws/logs") as page:
        welcome = await page.next()
        assert list(welcome) == ["timestamp", "level", "message", "module"]
        assert (welcome["level"], welcome["message"], welcome["module"]) == ("INFO", WELCOME, "websocket")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", welcome["timestamp"])
        await live(relay)
        journal.write("api", record("first", module="pool"), record("second", 40))
        journal.write("run:1", record("third"))
        found = await page.take(3)
    assert sorted(messages(found)) == ["first", "second", "third"]
    [first, second] = [each for each in found if each["message"] in ("first", "second")]
    assert first == {"timestamp": "2025-11-21T00:00:00.000000Z", "level": "INFO", "message": "first", "module": "pool"}
    # Without a module it is the logger's.
    assert (second["level"], second["module"]) == ("ERROR", "app.db")


async def test_nothing_below_info_unless_it_is_asked_for(relay: Relay, journal: Journal) -> None:
    async with relay.connect("/ws/logs") as usual, relay.connect("/ws/logs?level=DEBUG") as curious:
        await usual.next(), await curious.next()
        await live(relay, 2)
        journal.write("api", record("quiet", 10), record("loud", 20))
        assert (await usual.next())["message"] == "loud"
        assert messages(await curious.take(2)) == ["quiet", "loud"]


async def test_a_tail_comes_in_the_order_of_time_whatever_the_stream(relay: Relay, journal: Journal) -> None:
    for n in range(8):
        journal.write("api" if n % 2 else "web", f"old {n}")
        journal.pause()
    async with relay.connect("/ws/logs?tail=5&token=abc") as page:
        assert messages(await page.take(6)) == [WELCOME, *(f"old {n}" for n in range(3, 8))]
        await live(relay)
        journal.write("api", "new")
        assert (await page.next())["message"] == "new"


async def test_a_record_that_is_written_during_the_tail_comes_once(relay: Relay, journal: Journal) -> None:
    journal.write("api", *(f"old {n}" for n in range(500)))
    async with relay.connect("/ws/logs?tail=500") as page:
        assert messages(await page.take(2)) == [WELCOME, "old 0"]
        journal.write("api", "between")
        journal.write("new", "other")
        assert messages(await page.take(499)) == [f"old {n}" for n in range(1, 500)]
        assert sorted(messages(await page.take(2))) == ["between", "other"]
        await live(relay)
        journal.write("api", "last")
        assert (await page.next())["message"] == "last"


async def test_what_is_missing_is_a_warning(relay: Relay, journal: Journal) -> None:
    async with relay.connect("/ws/logs?level=ERROR") as page:
        await page.next()
        await live(relay)
        journal.write("api", record("worse", 50), shed=(300, 12, 0, 0, 0))
        missing, worse = await page.take(2)
    assert (missing["level"], missing["module"]) == ("WARNING", "tailrace")
    assert missing["message"] == "312 records are missing: agent_dropped"
    assert worse["message"] == "worse"


async def test_a_traceback_stands_behind_its_message(relay: Relay, journal: Journal) -> None:
    async with relay.connect("/ws/logs") as page:
        await page.next()
        await live(relay)
        journal.write("api", record("failed", 40, exception="Traceback…\nValueError: \x1b[31m<b>no</b>"))
        assert (await page.next())["message"] == "failed\nTraceback…\nValueError: \x1b[31m<b>no</b>"


@pytest.mark.parametrize("asked", ["tail=0", "tail=10001", "tail=-1", "tail=ten", "level=LOUD"])
async def test_a_parameter_that_makes_no_sense_is_refused(relay: Relay, asked: str) -> None:
    async with relay.connect(f"/ws/logs?{asked}") as page:
        refusal = await page.next()
        assert (refusal["level"], refusal["module"]) == ("ERROR", "tailrace")
        assert asked.partition("=")[0] in refusal["message"]
        code, reason = await page.closed()
    assert code == 3501
    assert asked.partition("=")[2] in reason


async def test_a_page_of_another_origin_is_sent_away(relay: Relay) -> None:
    async with relay.connect("/ws/logs", origin="https://evil.example") as page:
        assert (await page.closed())[0] == 4003


async def test_two_clients_share_one_encoding(relay: Relay, journal: Journal) -> None:
    async with relay.connect("/ws/logs") as first, relay.connect("/ws/logs") as second:
        await first.next(), await second.next()
        await live(relay, 2)
        before = relay.gateway.hub.counters.encodings
        journal.write("api", *(f"{n}" for n in range(100)))
        assert await first.take(100) == await second.take(100)
        assert relay.gateway.hub.counters.encodings - before == 1


async def test_what_a_front_end_sends_is_of_no_matter(relay: Relay, journal: Journal) -> None:
    async with relay.connect("/ws/logs") as page:
        await page.next()
        await page.connection.send("ping")
        await page.connection.send(b"\x00\xff")
        await live(relay)
        journal.write("api", "still there")
        assert (await page.next())["message"] == "still there"
