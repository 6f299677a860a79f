from __future__ import annotations

import csv
import gzip
import io
import json
from typing import Any

import httpx
import pytest

from tests.relay.dialects.conftest import Relay
from tests.relay.dialects.journal import NOON, Journal, record
from tests.relay.dialects.settling import live

pytestmark = pytest.mark.anyio

LOGS = "/runs/import-7/logs"
STREAM = "run:import-7"
KEYS = ["id", "run_id", "level", "message", "timestamp", "source", "line_number"]


def messages(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [each["message"] for each in answer.json()["logs"]]


async def test_a_record_that_is_sent_in_is_shown(http: httpx.AsyncClient) -> None:
    sent = {
        "id": "mine",
        "run_id": "import-7",
        "level": "warn",
        "message": "\x1b[31m<b>slow</b>",
        "timestamp": "2026-11-21T10:30:00+01:00",
        "source": "stdout",
        "line_number": 12,
    }
    answer = await http.post(LOGS + "?token=x", json=sent)
    assert answer.status_code == 201, answer.text
    id = answer.json()["id"]
    assert answer.json() == {"id": id, "run_id": "import-7"}
    assert (await http.get(LOGS)).json() == {
        "logs": [
            {
                "id": id,
                "run_id": "import-7",
                "level": "WARNING",
                "message": "\x1b[31m<b>slow</b>",
                "timestamp": "2026-11-21T09:30:00.000000Z",
                "source": "stdout",
                "line_number": 12,
            }
        ],
        "total": 1,
        "limit": 100,
        "offset": 0,
    }


@pytest.mark.parametrize("shape", ["array", "object"])
async def test_a_batch_is_an_array_or_an_object_that_has_it(http: httpx.AsyncClient, shape: str) -> None:
    logs = [{"message": f"line {n}"} for n in range(3)]
    answer = await http.post(LOGS + "/batch", json=logs if shape == "array" else {"logs": logs})
    assert answer.status_code == 201
    found = (await http.get(LOGS)).json()
    assert answer.json() == {"ids": [each["id"] for each in found["logs"]], "run_id": "import-7", "count": 3}
    # Without a number of its own a line has that of its place in the run.
    assert [each["line_number"] for each in found["logs"]] == [1, 2, 3]
    assert {each["source"] for each in found["logs"]} == {"user"}


async def test_a_batch_is_stored_once_for_each_key(http: httpx.AsyncClient) -> None:
    body = gzip.compress(json.dumps([{"message": "a"}, {"message": "b"}]).encode())
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json", "Content-Encoding": "gzip"}
    first = await http.post(LOGS + "/batch", content=body, headers=headers)
    again = await http.post(LOGS + "/batch", content=body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert (await http.get(LOGS)).json()["total"] == 2


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("", [], 400, "…/logs/batch"),
        ("", "text", 422, "record 0: it is a text"),
        ("", {"level": "INFO"}, 422, "record 0: message is missing"),
        ("", {"message": "x", "timestamp": "noon"}, 422, "record 0: timestamp is none; right would be as 2026-"),
        ("", {"message": "x", "run_id": "other"}, 422, "run_id is that of another run"),
        ("", {"message": "x", "line_number": -1}, 422, "record 0: line_number is a number"),
        ("/batch", {"message": "x"}, 400, '{"logs": [{…}]}'),
        ("/batch", [], 400, "0 records"),
        ("/batch", [{"message": "x"}] * 513, 413, "513 records; right would be 1 to 512"),
        ("/batch", [{"message": "x"}, {"message": "y", "colour": "red"}], 422, "record 1: colour is no field"),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_is_stored(
    http: httpx.AsyncClient, path: str, body: Any, status: int, said: str
) -> None:
    answer = await http.post(LOGS + path, json=body)
    assert answer.status_code == status, answer.text
    assert said in answer.json()["detail"]
    assert (await http.get(LOGS)).json()["total"] == 0


async def test_other_pages_and_other_types_cannot_write(http: httpx.AsyncClient) -> None:
    foreign = {"Origin": "https://evil.example"}
    assert (await http.post(LOGS, json={"message": "x"}, headers=foreign)).status_code == 403
    assert (await http.delete(LOGS, headers=foreign)).status_code == 403
    assert (await http.post(LOGS, content=b"{}", headers={"Content-Type": "text/plain"})).status_code == 415
    assert (await http.post(LOGS, content=b"{", headers={"Content-Type": "application/json"})).status_code == 400


@pytest.mark.parametrize("run_id", ["a b", "x" * 125, "ü", "*"])
async def test_what_can_be_no_run_is_refused(relay: Relay, http: httpx.AsyncClient, run_id: str) -> None:
    for answer in (
        await http.get(f"/runs/{run_id}/logs"),
        await http.get(f"/runs/{run_id}/logs/summary"),
        await http.post(f"/runs/{run_id}/logs", json={"message": "x"}),
        await http.delete(f"/runs/{run_id}/logs"),
    ):
        assert answer.status_code == 400
        assert answer.json()["parameter"] == "run_id"
    if run_id != "a b":
        async with relay.connect(f"/runs/{run_id}/logs/stream") as page:
            assert (await page.next())["type"] == "error"
            assert (await page.closed())[0] == 3501


async def test_a_run_that_nobody_has_heard_of_has_no_records(http: httpx.AsyncClient) -> None:
    assert (await http.get(LOGS)).json() == {"logs": [], "total": 0, "limit": 100, "offset": 0}
    assert (await http.get(LOGS + "/latest")).json() == {"logs": [], "count": 0}
    assert (await http.get(LOGS + "/summary")).json() == {"total": 0, "by_level": {}}
    assert (await http.get(LOGS + "/download?format=json")).json() == []
    assert (await http.delete(LOGS)).json() == {"run_id": "import-7", "cleared": None}


@pytest.fixture
def run(journal: Journal) -> Journal:
    """A run of seven records."""
    journal.write(STREAM, record("run import started", source="sdk", kind="start", logger="tailrace"))
    journal.write(
        STREAM,
        record("read a.csv", time=NOON + 1_000_000, source="stdout"),
        record("read b.csv", 10, time=NOON + 2_000_000, source="stdout"),
        record("Disk full", 40, time=NOON + 3_000_000, exception="OSError: 28"),
        record("disk level:error OR *", 30, time=NOON + 4_000_000, source="stderr"),
        service="import",
    )
    journal.write(STREAM, record("read c.csv", time=NOON + 5_000_000, source="stdout"))
    journal.write(STREAM, record("finished", time=NOON + 6_000_000, source="sdk", kind="finish", logger="tailrace"))
    return journal


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, [0, 1, 2, 3, 4, 5, 6]),
        ({"level": "info"}, [0, 1, 5, 6]),
        ({"level": "ERROR,debug"}, [2, 3]),
        ({"source": "stdout,stderr"}, [1, 2, 4, 5]),
        ({"search": "READ"}, [1, 2, 5]),
        ({"search": "disk"}, [3, 4]),
        ({"search": "level:error OR *"}, [4]),
        ({"search": "OSError"}, []),
        ({"start_time": "2025-11-21T00:00:02Z", "end_time": "2025-11-21T00:00:04Z"}, [2, 3, 4]),
        ({"start_time": "2025-11-21T00:00:05.000001Z"}, [6]),
        ({"level": "INFO", "source": "stdout", "search": "c.csv", "end_time": "2025-11-21"}, [5]),
    ],
)
async def test_records_are_chosen_by_level_source_text_and_time(
    http: httpx.AsyncClient, run: Journal, asked: dict[str, str], expected: list[int]
) -> None:
    everything = (await http.get(LOGS)).json()["logs"]
    wanted = [everything[place] for place in expected]
    assert (await http.get(LOGS, params=asked)).json() == {
        "logs": wanted,
        "total": len(wanted),
        "limit": 100,
        "offset": 0,
    }
    assert (await http.get(LOGS + "/latest", params=asked)).json() == {"logs": wanted, "count": len(wanted)}
    assert (await http.get(LOGS + "/summary", params=asked)).json()["total"] == len(wanted)
    assert (await http.get(LOGS + "/download", params=asked | {"format": "json"})).json() == wanted


@pytest.mark.parametrize(("limit", "offset"), [(1, 0), (2, 2), (3, 4), (100, 6), (5, 7), (2, 5), (7, 0), (1, 9999)])
async def test_pages_are_cut_out_of_all_that_match(
    http: httpx.AsyncClient, run: Journal, limit: int, offset: int
) -> None:
    everything = (await http.get(LOGS)).json()["logs"]
    answer = (await http.get(LOGS, params={"limit": limit, "offset": offset})).json()
    assert answer == {"logs": everything[offset : offset + limit], "total": 7, "limit": limit, "offset": offset}


async def test_the_newest_are_given_oldest_first(http: httpx.AsyncClient, run: Journal) -> None:
    assert messages(await http.get(LOGS + "/latest?limit=2")) == ["read c.csv", "finished"]


async def test_the_summary_counts_levels(http: httpx.AsyncClient, run: Journal) -> None:
    assert (await http.get(LOGS + "/summary")).json() == {
        "total": 7,
        "by_level": {"INFO": 4, "DEBUG": 1, "ERROR": 1, "WARNING": 1},
    }


@pytest.mark.parametrize(
    "asked", ["limit=0", "limit=10001", "offset=-1", "start_time=soon", "end_time=x", f"search={'x' * 2000}"]
)
async def test_a_parameter_that_makes_no_sense_is_named(http: httpx.AsyncClient, asked: str) -> None:
    answer = await http.get(f"{LOGS}?{asked}")
    assert answer.status_code == 400
    assert answer.json()["parameter"] == asked.partition("=")[0]


async def test_files_have_what_the_page_has(http: httpx.AsyncClient, run: Journal) -> None:
    run.write(STREAM, record('=cmd("x"),\n"quoted"'))
    everything = (await http.get(LOGS)).json()["logs"]
    as_json = await http.get(LOGS + "/download?format=json")
    assert as_json.json() == everything
    assert as_json.headers["content-disposition"] == 'attachment; filename="run-import-7-logs.json"'
    as_csv = await http.get(LOGS + "/download?format=csv")
    rows = list(csv.DictReader(io.StringIO(as_csv.text, newline="")))
    assert list(rows[0]) == KEYS
    assert [row["message"].removeprefix("'") for row in rows] == [each["message"] for each in everything]
    assert rows[-1]["message"].startswith("'=cmd")
    as_text = await http.get(LOGS + "/download")
    assert as_text.headers["content-type"] == "text/plain; charset=utf-8"
    assert as_text.text.splitlines()[1] == "2025-11-21T00:00:01.000000Z INFO     app.db: read a.csv"


async def test_what_is_missing_is_a_record_wherever_a_run_is_read(http: httpx.AsyncClient, journal: Journal) -> None:
    for n in range(4):
        journal.write(STREAM, f"line {n}")
    journal.write(STREAM, "after", shed=(0, 3, 0, 0, 0))
    journal.trim(STREAM, 2)
    expected = ["3 records are missing: trimmed", "line 3", "3 records are missing: agent_dropped", "after"]
    answer = await http.get(LOGS)
    assert (messages(answer), answer.json()["total"]) == (expected, 4)
    assert {each["level"] for each in answer.json()["logs"]} == {"WARNING", "INFO"}
    assert len({each["id"] for each in answer.json()["logs"]}) == 4
    assert messages(await http.get(LOGS + "?limit=2&offset=2")) == expected[2:]
    assert messages(await http.get(LOGS + "/latest")) == expected[1:]
    assert (await http.get(LOGS + "/summary")).json() == {"total": 2, "by_level": {"INFO": 2}, "missing": 6}
    assert [each["message"] for each in (await http.get(LOGS + "/download?format=json")).json()] == expected


async def test_a_run_that_was_cleared_is_empty(http: httpx.AsyncClient, run: Journal) -> None:
    last = (await http.get(LOGS)).json()["logs"][-1]["id"]
    assert (await http.delete(LOGS)).json() == {"run_id": "import-7", "cleared": last}
    assert (await http.get(LOGS)).json()["total"] == 0
    assert (await http.get(LOGS + "/summary")).json() == {"total": 0, "by_level": {}}
    assert (await http.get(LOGS + "/download")).text == ""
    await http.post(LOGS, json={"message": "anew"})
    assert messages(await http.get(LOGS)) == ["anew"]


@pytest.mark.parametrize("websocket_server", ["ours", "any"], indirect=True)
async def test_a_page_gets_the_last_five_hundred_and_then_each(
    relay: Relay, http: httpx.AsyncClient, journal: Journal
) -> None:
    for n in range(6):
        journal.write(STREAM, *(f"line {n}/{i}" for i in range(100)))
    async with relay.connect(f"{LOGS}/stream?token=x") as page:
        first = await page.take(500)
        assert {each["type"] for each in first} == {"log"}
        assert [each["data"]["message"] for each in first] == [f"line {n}/{i}" for n in range(1, 6) for i in range(100)]
        await live(relay)
        await page.connection.send("ping")
        assert await page.connection.recv() == "pong"
        answer = await http.post(LOGS, json={"message": "new", "level": "ERROR"})
        found = await page.next()
    assert found["data"] == (await http.get(LOGS + "/latest?limit=1")).json()["logs"][0]
    assert found["data"]["id"] == answer.json()["id"]
    assert found["data"]["line_number"] == 601


async def test_a_page_may_come_before_the_run(relay: Relay, http: httpx.AsyncClient) -> None:
    async with relay.connect(f"{LOGS}/stream") as page:
        await live(relay)
        await http.post(LOGS, json={"message": "at last"})
        assert (await page.next())["data"]["message"] == "at last"


async def test_runs_do_not_mix(relay: Relay, http: httpx.AsyncClient) -> None:
    async with relay.connect("/runs/a/logs/stream") as page, relay.connect("/runs/b/logs/stream") as other:
        await live(relay, 2)
        await http.post("/runs/b/logs", json={"message": "of b"})
        await http.post("/runs/a/logs", json={"message": "of a"})
        assert (await page.next())["data"]["run_id"] == "a"
        assert (await other.next())["data"]["run_id"] == "b"
