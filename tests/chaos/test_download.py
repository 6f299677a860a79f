"""Large files: complete, made in flat memory, and never mistaken for whole when Redis goes away in between."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tailrace.wire import Keys
from tests.chaos.watch import LONG
from tests.conftest import running
from tests.e2e.gateways import GatewayProcess
from tests.e2e.wire_producer import WireProducer
from tests.servers import RedisServer

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600)]

RECORDS = 1_000_000 if LONG else 60_000
MIB = 1 << 20

# What a gateway may grow by while it writes a file, however large.
GROWTH = 64 * MIB

PREFIX = "download"
PATH = "/api/streams/api/records/download"


@pytest.fixture(scope="module")
def server(redis_binary: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    for started in running(server):
        with started.client() as client:
            WireProducer(client, Keys(PREFIX), "api", "p").emit(RECORDS)
        yield started


@pytest.fixture
def gateway(server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GatewayProcess]:
    monkeypatch.setenv("TAILRACE_LIMIT_DOWNLOADS", "0")
    gateway = GatewayProcess(tmp_path, server.url, PREFIX)
    gateway.start()
    yield gateway
    gateway.kill()


def client() -> httpx.AsyncClient:
    return httpx.AsyncClient(verify=False, timeout=60)


async def fetch(gateway: GatewayProcess, form: str, file: Path) -> int:
    """Download into a file; gives by how much the gateway has grown meanwhile at most, in bytes."""
    before, most, size = gateway.resident_bytes, 0, 0
    async with client() as http, http.stream("GET", f"{gateway.url}{PATH}", params={"format": form}) as answer:
        assert answer.status_code == 200
        with file.open("wb") as out:
            async for data in answer.aiter_bytes():
                size += out.write(data)
                if size > MIB:
                    most, size = max(most, gateway.resident_bytes), 0
    return max(most, gateway.resident_bytes) - before


# What CSV, which has texts only, has as numbers and as JSON.
NUMBERS = {"level_number", "pid", "line", "line_number", "seq"}
FREE = {"metadata", "fields"}


def json_lines(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8", newline="\n") as lines:
        yield from map(json.loads, lines)


def json_array(file: Path) -> Iterator[dict[str, Any]]:
    yield from json.loads(file.read_bytes())


def csv_rows(file: Path) -> Iterator[dict[str, Any]]:
    csv.field_size_limit(1 << 30)
    with file.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            yield {column: value_of(column, cell) for column, cell in row.items() if cell}


def value_of(column: str, cell: str) -> Any:
    text = cell.removeprefix("'")
    return int(text) if column in NUMBERS else json.loads(text) if column in FREE else text


READERS = {"jsonl": json_lines, "json": json_array, "csv": csv_rows}


def digest(records: Iterator[dict[str, Any]]) -> tuple[int, str]:
    """How many records there are, which must follow one another, and what they are together."""
    number, found = 0, hashlib.blake2b()
    for number, record in enumerate(records, 1):
        assert record["id"].endswith(f"-{number}")
        found.update(
            json.dumps({name: value for name, value in record.items() if value != ""}, sort_keys=True).encode()
        )
    return number, found.hexdigest()


async def test_large_files_are_read_back_to_the_same_records_and_made_in_flat_memory(
    gateway: GatewayProcess, tmp_path: Path
) -> None:
    found = set()
    for form, read in READERS.items():
        file = tmp_path / form
        growth = await fetch(gateway, form, file)
        print(f"\n{form}: {file.stat().st_size} bytes, {growth / MIB:.1f} MiB more at most")
        assert growth < GROWTH
        found.add(digest(read(file)))
        file.unlink()
    [(number, _)] = found
    assert number == RECORDS


async def test_a_text_file_has_a_line_for_each(gateway: GatewayProcess, tmp_path: Path) -> None:
    assert await fetch(gateway, "txt", tmp_path / "txt") < GROWTH
    begins = re.compile(rb"^\d{4}-\d\d-\d\dT[\d:.]+Z ", re.MULTILINE)
    assert len(begins.findall((tmp_path / "txt").read_bytes())) == RECORDS


async def test_who_reads_slowly_costs_no_memory_and_holds_up_nobody(gateway: GatewayProcess) -> None:
    before = gateway.resident_bytes
    async with client() as http:
        slow = [http.stream("GET", f"{gateway.url}{PATH}", params={"format": "jsonl"}) for _ in range(8)]
        answers = [await each.__aenter__() for each in slow]
        assert {answer.status_code for answer in answers} == {200}
        answer = await http.get(f"{gateway.url}{PATH}", params={"format": "jsonl", "query": "level:>=critical"})
        assert answer.status_code == 200
        assert gateway.resident_bytes - before < GROWTH
        for each in answers:
            await each.aclose()
    # Their clients are gone, and so are they.
    async with client() as http:
        for _ in range(20):
            answer = await http.get(f"{gateway.url}{PATH}", params={"query": "nothing:here"})
            assert answer.status_code == 200


async def test_a_file_is_cut_off_when_redis_goes_away(server: RedisServer, gateway: GatewayProcess) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        await download_while_redis_ends(server, gateway)
    assert "Traceback" not in gateway.output.read_text()


async def download_while_redis_ends(server: RedisServer, gateway: GatewayProcess) -> None:
    async with client() as http, http.stream("GET", f"{gateway.url}{PATH}", params={"format": "jsonl"}) as answer:
        chunks = answer.aiter_raw()
        await anext(chunks)
        server.kill()
        async for _ in chunks:
            pass
