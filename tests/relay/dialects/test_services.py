from __future__ import annotations

from typing import Any

import httpx
import pytest

from tailrace.wire.presence import SILENCE
from tailrace_relay import status
from tests.relay.dialects.conftest import Relay
from tests.relay.dialects.front_end import TIMEOUT
from tests.relay.dialects.journal import Journal, record
from tests.relay.dialects.settling import live
from tests.servers import wait_for_async

pytestmark = pytest.mark.anyio


async def test_services_that_run_are_listed(http: httpx.AsyncClient, journal: Journal) -> None:
    assert (await http.get("/api/logs")).json() == {"services": []}
    agent = journal.announce("billing")
    journal.announce("web", attributes={"container.id": "3f2a9c1b7d04", "health": "healthy"})
    journal.announce("gone", ended=True)
    journal.announce("lost", at=journal.now() - SILENCE - 1)
    assert (await http.get("/api/logs?token=abc")).json() == {
        "services": [
            {"service": "billing", "status": "running", "container_id": agent.instance},
            {"service": "web", "status": "running", "container_id": "3f2a9c1b7d04"},
        ]
    }


async def test_the_last_lines_of_a_service_come_from_all_streams_but_those_of_runs(
    http: httpx.AsyncClient, journal: Journal
) -> None:
    journal.announce("billing", streams=("billing", "run:1"))
    journal.write("billing", "one", service="billing")
    journal.pause()
    journal.write("shared", record("other"), service="web")
    journal.write("shared", record("two", 40, logger="pay"), service="billing")
    journal.pause()
    journal.write("run:1", "in a run", service="billing")
    journal.write("billing", record("[31m three\n  more", source="stderr"), service="billing")
    answer = await http.get("/api/logs/billing")
    assert answer.json() == {
        "logs": [
            "2025-11-21T00:00:00.000000Z INFO app.db: one",
            "2025-11-21T00:00:00.000000Z ERROR pay: two",
            "2025-11-21T00:00:00.000000Z [31m three\n  more",
        ],
        "service": "billing",
        "count": 3,
    }
    assert (await http.get("/api/logs/billing?tail=1")).json()["count"] == 1


async def test_what_is_missing_is_a_line(http: httpx.AsyncClient, journal: Journal) -> None:
    journal.announce("api")
    journal.write("api", "before")
    journal.write("api", "after", shed=(5, 0, 0, 0, 0))
    lines = (await http.get("/api/logs/api")).json()["logs"]
    assert [line.partition(" ")[2] for line in lines] == [
        "INFO app.db: before",
        "WARNING tailrace: 5 records are missing: agent_dropped",
        "INFO app.db: after",
    ]


@pytest.mark.parametrize("tail", ["0", "10001", "-5", "many", "1e3"])
async def test_a_tail_out_of_bounds_is_refused_in_words_that_such_pages_know(
    http: httpx.AsyncClient, tail: str
) -> None:
    answer = await http.get("/api/logs/api", params={"tail": tail})
    assert answer.status_code == 400
    assert answer.json()["logs"] == []
    assert "right would be 1 to 10000" in answer.json()["error"]


async def test_a_service_that_nobody_knows_has_no_lines_but_a_reason(http: httpx.AsyncClient, journal: Journal) -> None:
    journal.write("api", "something", service="nobody")
    answer = await http.get('/api/logs/no"body" OR *')
    assert (answer.status_code, answer.json()) == (
        200,
        {"logs": [], "error": 'Service no"body" OR * not found or not running'},
    )


async def test_of_one_that_has_ended_the_last_lines_can_be_read(http: httpx.AsyncClient, journal: Journal) -> None:
    journal.announce("api", ended=True)
    journal.write("api", "last words")
    assert (await http.get("/api/logs/api")).json()["count"] == 1


async def test_a_name_is_looked_for_and_never_read_as_a_query(http: httpx.AsyncClient, journal: Journal) -> None:
    journal.announce("*")
    journal.announce("a/b")
    journal.write("api", "of another")
    journal.write("api", "of a star", service="*")
    journal.write("api", "of a path", service="a/b")
    assert [line[28:] for line in (await http.get("/api/logs/*")).json()["logs"]] == ["INFO app.db: of a star"]
    assert [line[28:] for line in (await http.get("/api/logs/a%2Fb")).json()["logs"]] == ["INFO app.db: of a path"]


async def test_lines_follow_each_other_live(relay: Relay, journal: Journal) -> None:
    journal.announce("billing")
    journal.write("billing", *(f"old {n}" for n in range(150)), service="billing")
    async with relay.connect("/api/logs/ws/billing?token=x") as page:
        first = await page.take(100)
        await live(relay)
        journal.write("billing", record("new", source="stdout"), service="billing")
        journal.write("run:7", "in a run", service="billing")
        journal.write("other", record("elsewhere", source="stdout"), service="billing")
        journal.write("other", "of another", service="web")
        assert {(await page.next())["content"] for _ in range(2)} == {"new", "elsewhere"}
        journal.write("billing", "end", service="billing")
        assert (await page.next())["content"] == "INFO app.db: end"
    assert first[0] == {"type": "log", "service": "billing", "content": "INFO app.db: old 50"}
    assert first[-1]["content"] == "INFO app.db: old 149"


@pytest.mark.parametrize("websocket_server", ["ours", "any"], indirect=True)
async def test_a_service_that_does_not_run_cannot_be_followed(relay: Relay, journal: Journal) -> None:
    journal.announce("gone", ended=True)
    for service in ("gone", "nobody"):
        async with relay.connect(f"/api/logs/ws/{service}?tail=10") as page:
            assert await page.next() == {
                "type": "error",
                "message": f"Service {service} not found or not running",
            }
            assert (await page.closed())[0] == 1000


async def test_a_tail_out_of_bounds_closes_the_socket(relay: Relay) -> None:
    async with relay.connect("/api/logs/ws/api?tail=10001") as page:
        refusal = await page.next()
        assert refusal["type"] == "error"
        assert refusal["message"].startswith("tail: not a tail: '10001'")
        assert (await page.closed())[0] == 3501


async def test_all_services_come_first_and_then_what_changes(
    relay: Relay, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "LOOK", 0.05)
    web = journal.announce("web", attributes={"health": "starting"})
    # Even where a service has this name: the address is matched before those of services.
    journal.announce("status", ended=True)
    async with relay.connect("/api/logs/ws/status?token=x") as page, relay.connect("/api/logs/ws/status") as other:
        everything = {
            "type": "status_update",
            "changes": [
                {"service": "status", "status": "exited", "health": "none"},
                {"service": "web", "status": "running", "health": "starting"},
            ],
        }
        assert await page.next() == everything
        assert await other.next() == everything
        journal.announce("web", instance=web.instance, attributes={"health": "healthy"})
        assert await page.next() == await other.next() == update("web", "running", "healthy")
        journal.announce("web", instance=web.instance, ended=True)
        assert await page.next() == await other.next() == update("web", "exited", "none")
        journal.announce("new")
        assert await page.next() == update("new", "running", "none")
    await no_looks(relay)


async def no_looks(relay: Relay) -> None:
    """Nobody listens, so nobody looks."""
    await wait_for_async(lambda: not relay.gateway.status.watches, TIMEOUT, "nobody to look any more")


def update(service: str, status: str, health: str) -> dict[str, Any]:
    return {"type": "status_update", "changes": [{"service": service, "status": status, "health": health}]}
