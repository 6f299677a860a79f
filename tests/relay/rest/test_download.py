"""Files of exactly what is selected, which standard parsers read back to the same records."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import redis

from tailrace.wire import Keys, Record
from tests.relay.live import Log
from tests.relay.rest.test_records import PATH, append, get

pytestmark = pytest.mark.anyio

NUMBERS = ("level_number", "pid", "line", "line_number", "seq")
JSON = ("metadata", "fields")


def hostile(at: int) -> list[Record]:
    """Records that no format may break on."""
    texts = [
        "plain",
        "=1+1",
        "'quoted",
        "-5",
        "@x",
        "\ttab",
        "\rreturn",
        'a,"b";c',
        "two\nlines\r\n",
        "größe 🌊",
        "\x00",
        "",
    ]
    return [
        *(Record(time=at, level_number=20, logger="=cmd", message=text) for text in texts),
        Record(
            time=at,
            level_number=-7,
            logger="t",
            message="all",
            level="NOTICE",
            source="stderr",
            kind="audit",
            line_number=3,
            exception="Traceback\n  ValueError: x",
            action="+a",
            metadata=[-1, "=x", None],
            fields={"a": {"b": 1.5}, "=c": "-d"},
            trace_id="ab",
        ),
        Record(time=at, level_number=20, logger="t", message="bare number", metadata=-5),
        Record(time=at, level_number=20, logger="t", message="bare text", metadata="=x"),
    ]


@pytest.fixture
def stored(any_log: Log) -> Log:
    now = time.time_ns() // 1000
    append(any_log, *hostile(now))
    any_log.append(3)
    return any_log


async def download(api: httpx.AsyncClient, form: str, **parameters: Any) -> str:
    answer = await api.get(PATH + "/download", params={"format": form, **parameters})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == f'attachment; filename="api-logs.{form}"'
    return answer.content.decode()


def from_csv(text: str) -> list[dict[str, Any]]:
    """What a reader does that knows docs/PROTOCOL.md."""
    found: list[dict[str, Any]] = []
    for row in csv.DictReader(io.StringIO(text, newline="")):
        cells: dict[str, Any] = {name: cell.removeprefix("'") for name, cell in row.items() if cell}
        cells |= {name: json.loads(cells[name]) for name in (*NUMBERS, *JSON) if name in cells}
        found.append(cells)
    return found


READERS: dict[str, Callable[[str], Any]] = {
    "json": json.loads,
    "jsonl": lambda text: [json.loads(line) for line in text.split("\n")[:-1]],
    "csv": from_csv,
}


@pytest.mark.parametrize("form", READERS)
@pytest.mark.parametrize("query", ["", "level:>=info -kind:audit", "nothing:here"])
async def test_a_file_reads_back_to_the_same_records(
    api: httpx.AsyncClient, stored: Log, form: str, query: str
) -> None:
    expected = (await get(api, query=query))["records"]
    found = READERS[form](await download(api, form, query=query))
    if form == "csv":  # where nothing and an empty text are the same
        expected = [{name: value for name, value in record.items() if value != ""} for record in expected]
    assert found == expected


async def test_no_cell_begins_a_formula(api: httpx.AsyncClient, stored: Log) -> None:
    rows = list(csv.reader(io.StringIO(await download(api, "csv"), newline="")))
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


async def test_text_is_for_people(api: httpx.AsyncClient, any_log: Log) -> None:
    at = 1_795_258_800_000_000
    append(
        any_log,
        Record(time=at, level_number=20, logger="app", message="one\ntwo"),
        Record(time=at, level_number=40, logger="app", message="broken", exception="Traceback\nValueError: x"),
    )
    assert await download(api, "txt") == (
        "2026-11-21T11:00:00.000000Z INFO     app: one\ntwo\n"
        "2026-11-21T11:00:00.000000Z ERROR    app: broken\nTraceback\nValueError: x\n"
    )


@pytest.mark.parametrize("form", ["txt", "json", "jsonl", "csv"])
async def test_what_is_missing_is_said_in_its_place(api: httpx.AsyncClient, any_log: Log, form: str) -> None:
    any_log.append(2)
    any_log.append(1, shed=3)
    text = await download(api, form)
    ids = [record["id"] for record in (await get(api))["records"]]
    ms = ids[-1].split("-")[0]
    said = f"3 records are missing between {ids[1]} and {ms}-6: agent_dropped"
    assert text.count(said) == 1
    if form != "txt":
        kinds = [item["kind"] for item in READERS[form](text)]
        assert kinds == ["log", "log", "gap", "log"]


async def test_an_empty_selection_is_an_empty_file(api: httpx.AsyncClient, stored: Log) -> None:
    empty = {form: await download(api, form, query="nothing:here") for form in ("txt", "json", "jsonl", "csv")}
    assert (empty["txt"], json.loads(empty["json"]), empty["jsonl"]) == ("", [], "")
    assert from_csv(empty["csv"]) == []


async def test_a_name_with_a_colon_is_a_file_all_the_same(
    api: httpx.AsyncClient, any_client: redis.Redis, prefix: str
) -> None:
    log = Log(any_client, Keys(prefix), "run:8f3a")
    log.append()
    answer = await api.get("/api/streams/run:8f3a/records/download?format=csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="run-8f3a-logs.csv"'


async def test_an_unknown_format_is_refused(api: httpx.AsyncClient, stored: Log) -> None:
    assert (await get(api, "/download", 400, format="xml"))["parameter"] == "format"
    assert (await api.get("/api/streams/none/records/download")).status_code == 404
