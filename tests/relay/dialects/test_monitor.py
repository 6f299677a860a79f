from __future__ import annotations

import pytest

from tests.relay.dialects.conftest import Relay
from tests.relay.dialects.journal import NOON, Journal, record
from tests.relay.dialects.settling import live

pytestmark = pytest.mark.anyio


async def test_logs_and_audit_events_are_told_from_each_other(relay: Relay, journal: Journal) -> None:
    async with relay.connect("/ws/monitor") as page:
        await live(relay)
        noon = NOON + 123_999
        # What is logged in a run stands in the stream of its process, too.
        journal.write("run:1", record("within the run", 30))
        journal.write(
            "api",
            record("slow", 30, time=noon, module="pool", function="acquire", line=42),
            record("bare", 10),
            record("gone", 20, kind="audit", action="user.delete", metadata={"user": 7}),
            record("seen", 20, kind="audit", fields={"page": "/x"}),
        )
        slow, bare, gone, seen = await page.take(4)
    assert slow == {
        "type": "system_log",
        "data": {
            "timestamp": "2025-11-21T00:00:00.123Z",
            "level": "WARNING",
            "logger": "app.db",
            "message": "slow",
            "module": "pool",
            "function": "acquire",
            "line": 42,
        },
    }
    assert [bare["data"][name] for name in ("level", "module", "function", "line")] == ["DEBUG", None, None, None]
    assert gone == {
        "type": "audit_log",
        "data": {
            "timestamp": "2025-11-21T00:00:00.000Z",
            "level": "INFO",
            "logger": "app.db",
            "message": "gone",
            "action": "user.delete",
            "metadata": {"user": 7},
        },
    }
    assert (seen["data"]["action"], seen["data"]["metadata"]) == (None, {"page": "/x"})


async def test_what_is_missing_is_a_system_log(relay: Relay, journal: Journal) -> None:
    journal.write("api", "gone 1")
    journal.write("api", "gone 2")
    journal.write("api", "kept")
    async with relay.connect("/ws/monitor?tail=3&level=INFO") as page:
        assert [each["data"]["message"] for each in await page.take(3)] == ["gone 1", "gone 2", "kept"]
        await live(relay)
        journal.write("api", "new", shed=(0, 0, 7, 0, 0))
        missing, new = await page.take(2)
    assert (missing["type"], missing["data"]["level"], missing["data"]["logger"]) == (
        "system_log",
        "WARNING",
        "tailrace",
    )
    assert missing["data"]["message"] == "7 records are missing: agent_dropped"
    assert new["data"]["message"] == "new"


async def test_a_mistake_is_a_system_log_too(relay: Relay) -> None:
    async with relay.connect("/ws/monitor?tail=x") as page:
        refusal = await page.next()
        assert (refusal["type"], refusal["data"]["level"]) == ("system_log", "ERROR")
        assert (await page.closed())[0] == 3501
