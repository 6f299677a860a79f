"""Permissions hold in each dialect, as on all other ways in."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from tests.e2e.gateways import GatewayThread
from tests.relay.auth.signing import SECRET, signed
from tests.relay.auth.test_ways_in import BAD_TOKENS, good
from tests.relay.auth.ways import TIMEOUT, bearer
from tests.relay.dialects.front_end import front_end
from tests.relay.dialects.journal import Journal, record
from tests.servers import RedisServer

pytestmark = pytest.mark.anyio

SOCKETS = (
    "/ws/logs?tail=10",
    "/ws/monitor?tail=10",
    "/api/logs/ws/api?tail=10",
    "/runs/mine/logs/stream",
)
STATUS = "/api/logs/ws/status"
READING = (
    "/api/logs",
    "/api/logs/api",
    "/api/monitoring/advanced/logs/stream",
    "/runs/mine/logs",
    "/runs/mine/logs/latest",
    "/runs/mine/logs/summary",
    "/runs/mine/logs/download",
)
PAGES = ("/api/logs/api", "/runs/mine/logs", "/runs/mine/logs/latest", "/runs/mine/logs/download?format=json")

# What it is to see: one of the streams of everybody, and one run.
MINE = ["api", "run:mine"]


@pytest.fixture
def gateway(redis_server: RedisServer, prefix: str, journal: Journal) -> Iterator[GatewayThread]:
    journal.announce("api", streams=("api", "secret"))
    journal.announce("hidden", streams=("secret",))
    for stream in ("api", "secret", "run:mine", "run:other"):
        texts = [record(f"fine in {stream}", 20), record(f"broken in {stream}", 40)]
        journal.write(stream, *texts, service="api")
    found = GatewayThread(
        redis_server.url,
        prefix,
        token_key=SECRET,
        token_audience="logs",
        token_issuer="us",
        token_leeway=0,
        dialects="all",
    )
    found.start()
    yield found
    found.stop()


def address(gateway: GatewayThread, target: str, token: str | None) -> str:
    """As front ends do it: with the token in the address."""
    separator = "&" if "?" in target else "?"
    url = gateway.url.replace("http", "ws", 1) + target
    return url if token is None else f"{url}{separator}token={token}"


@pytest.mark.parametrize("which", BAD_TOKENS)
async def test_a_token_that_is_not_good_closes_with_4001(which: str, gateway: GatewayThread) -> None:
    token = BAD_TOKENS[which]()  # type: ignore[no-untyped-call]  # a table of lambdas
    for target in (*SOCKETS, STATUS):
        async with front_end(address(gateway, target, token)) as client:
            code, reason = await client.closed()
            assert code == 4001, target
            assert token is None or token not in reason
    async with httpx.AsyncClient(base_url=gateway.url, timeout=TIMEOUT, verify=False) as http:
        for path in READING:
            answer = await http.get(path, params={} if token is None else {"token": token})
            assert answer.status_code == 401, path
        for path in ("/runs/mine/logs", "/runs/mine/logs/batch"):
            assert (await http.post(path, json={"message": "x"}, headers=bearer(token))).status_code == 401
        assert (await http.delete("/runs/mine/logs", headers=bearer(token))).status_code == 401


async def test_a_token_that_does_not_allow_to_read_closes_with_4003(gateway: GatewayThread) -> None:
    token = good(streams=["*"], actions=["write", "clear", "admin"])
    for target in (*SOCKETS, STATUS):
        async with front_end(address(gateway, target, token)) as client:
            assert (await client.closed())[0] == 4003, target
    async with httpx.AsyncClient(base_url=gateway.url, timeout=TIMEOUT, verify=False) as http:
        for path in READING:
            assert (await http.get(path, headers=bearer(token))).status_code == 403, path


@pytest.mark.parametrize("target", SOCKETS)
async def test_a_client_sees_the_streams_and_the_records_that_its_token_allows(
    target: str, gateway: GatewayThread
) -> None:
    async with front_end(address(gateway, target, good(streams=MINE, query="level:error"))) as client:
        seen = json.dumps(await client.until(lambda message: "broken" in json.dumps(message)))
    async with front_end(address(gateway, target, good(streams=MINE))) as client:
        everything = json.dumps(await client.until(lambda message: "broken" in json.dumps(message)))
    assert "fine" not in seen
    assert "fine" in everything
    for hidden in ("secret", "run:other"):
        assert hidden not in seen + everything


async def test_pages_and_event_streams_show_the_same(gateway: GatewayThread) -> None:
    cut, narrow = bearer(good(streams=MINE, query="level:error")), bearer(good(streams=MINE))
    async with httpx.AsyncClient(base_url=gateway.url, timeout=TIMEOUT, verify=False) as http:
        for path in PAGES:
            few, all_of_it = (await http.get(path, headers=cut)).text, (await http.get(path, headers=narrow)).text
            assert "broken" in few
            assert "fine" not in few
            assert "fine" in all_of_it
            assert "secret" not in all_of_it
            assert "other" not in all_of_it
        summary = (await http.get("/runs/mine/logs/summary", headers=cut)).json()
        assert summary["by_level"] == {"ERROR": 1}
        async with http.stream("GET", "/api/monitoring/advanced/logs/stream", headers=cut) as answer:
            lines = answer.aiter_lines()
            data = [line async for line in until(lines, "broken")]
        assert not any("fine" in line or "secret" in line for line in data)


async def until(lines: AsyncIterator[str], text: str) -> AsyncIterator[str]:
    async for line in lines:
        yield line
        if text in line:
            return


async def test_a_run_of_others_is_refused(gateway: GatewayThread) -> None:
    token = good(streams=MINE, actions=["read", "write", "clear"])
    async with front_end(address(gateway, "/runs/other/logs/stream", token)) as client:
        assert (await client.closed())[0] == 4003
    async with httpx.AsyncClient(base_url=gateway.url, timeout=TIMEOUT, headers=bearer(token), verify=False) as http:
        for path in ("", "/latest", "/summary", "/download"):
            assert (await http.get(f"/runs/other/logs{path}")).status_code == 403, path
        for path in ("", "/batch"):
            assert (await http.post(f"/runs/other/logs{path}", json={"message": "x"})).status_code == 403, path
        assert (await http.delete("/runs/other/logs")).status_code == 403
        assert (await http.post("/runs/mine/logs", json={"message": "x"})).status_code == 201
        assert (await http.delete("/runs/mine/logs")).status_code == 200


async def test_writing_and_clearing_have_actions_of_their_own(gateway: GatewayThread) -> None:
    reader = bearer(good(streams=["*"], actions=["read"]))
    async with httpx.AsyncClient(base_url=gateway.url, timeout=TIMEOUT, headers=reader, verify=False) as http:
        assert (await http.post("/runs/mine/logs", json={"message": "x"})).status_code == 403
        assert (await http.post("/runs/mine/logs/batch", json=[{"message": "x"}])).status_code == 403
        assert (await http.delete("/runs/mine/logs")).status_code == 403


async def test_services_are_those_with_streams_that_may_be_read(gateway: GatewayThread) -> None:
    async with httpx.AsyncClient(base_url=gateway.url, timeout=TIMEOUT, verify=False) as http:
        found = (await http.get("/api/logs", headers=bearer(good(streams=MINE)))).json()["services"]
        assert [each["service"] for each in found] == ["api"]
    async with front_end(address(gateway, STATUS, good(streams=MINE))) as client:
        assert [each["service"] for each in (await client.next())["changes"]] == ["api"]
    async with front_end(address(gateway, "/api/logs/ws/hidden", good(streams=MINE))) as client:
        assert "not found" in (await client.next())["message"]


async def test_a_dialects_connection_ends_some_time_after_its_token(redis_server: RedisServer, prefix: str) -> None:
    gateway = GatewayThread(redis_server.url, prefix, token_key=SECRET, token_leeway=0, token_grace=0, dialects="all")
    gateway.start()
    try:
        async with front_end(address(gateway, "/ws/logs", signed(exp=soon()))) as client:
            assert (await client.closed())[0] == 4001
    finally:
        gateway.stop()


def soon() -> int:
    return int(time.time()) + 2
