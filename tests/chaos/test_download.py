"""Large files: complete, made in flat memory, and never mistaken for whole when Redis goes away in between."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

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
def gateway(server: RedisServer, tmp_path: Path) -> Iterator[GatewayProcess]:
    gateway = GatewayProcess(tmp_path, server.url, PREFIX)
    gateway.start()
    yield gateway
    gateway.kill()


def client() -> httpx.AsyncClient:
    return httpx.AsyncClient(verify=False, timeout=60)


async def lines_of(answer: httpx.Response) -> AsyncIterator[bytes]:
    """Lines as files have them; httpx would end them at every separator that Unicode knows."""
    rest = b""
    async for data in answer.aiter_bytes():
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            yield line


# How the first line of a record begins; the number in its ID, where there is one.
BEGINNINGS = {
    "txt": rb"\d{4}-\d\d-\d\dT[\d:.]+Z ()",
    "csv": rb"\d{13}-(\d+),",
    "json": rb'\{"id":"\d+-(\d+)"',
    "jsonl": rb'\{"id":"\d+-(\d+)"',
}


@pytest.mark.parametrize("form", BEGINNINGS)
async def test_a_large_file_is_complete_and_made_in_flat_memory(gateway: GatewayProcess, form: str) -> None:
    before, most, number = gateway.resident_bytes, 0, 0
    begins = re.compile(BEGINNINGS[form]).match
    async with client() as http, http.stream("GET", f"{gateway.url}{PATH}", params={"format": form}) as answer:
        async for line in lines_of(answer):
            found = begins(line)
            if found is None:
                continue  # of a message that has several
            number += 1
            assert found[1] in (b"", b"%d" % number)
            if number % 10_000 == 0:
                most = max(most, gateway.resident_bytes)
    assert number == RECORDS
    print(f"\n{form}: {number} records, {(most - before) / MIB:.1f} MiB more at most")
    assert most - before < GROWTH


async def test_who_reads_slowly_costs_no_memory_and_holds_up_nobody(gateway: GatewayProcess) -> None:
    before = gateway.resident_bytes
    async with client() as http:
        slow = [http.stream("GET", f"{gateway.url}{PATH}", params={"format": "jsonl"}) for _ in range(8)]
        answers = [await each.__aenter__() for each in slow]
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
