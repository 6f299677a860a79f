"""Tokens and limits of gateways that stand behind nginx."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from tests.deploy.front import SOON, Front, running_front
from tests.relay.auth.signing import SECRET, signed
from tests.servers import RedisServer

# The address of a second client on this machine.
OTHER = "127.0.0.2"


@pytest.fixture
def locked(
    installed_nginx: str, redis_server: RedisServer, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Front]:
    monkeypatch.setenv("TAILRACE_TOKEN_KEY", SECRET)
    with running_front(redis_server, prefix, tmp_path) as front:
        yield front


@pytest.mark.anyio
async def test_tokens_come_through_by_every_way_and_reach_no_log(locked: Front) -> None:
    token = signed()
    live = f"{locked.url.replace('http', 'ws')}/api/live?streams=api"
    bearer = {"Authorization": f"Bearer {token}"}
    cookie = {"Cookie": f"tailrace_token={token}", "Origin": locked.url}
    ways: list[tuple[str, dict[str, Any]]] = [
        (live, {"subprotocols": ["tailrace", f"bearer.{token}"]}),
        (live, {"additional_headers": bearer}),
        (live, {"additional_headers": cookie}),
        (f"{live}&token={token}", {}),
    ]
    for address, more in ways:
        async with connect(address, proxy=None, **more) as connection:
            assert '"hello"' in str(await connection.recv())
    for path, headers in (("?x", bearer), ("?x", cookie), (f"?token={token}", {})):
        async with httpx.AsyncClient(verify=False, timeout=SOON) as client:
            answer = await client.get(f"{locked.url}/api/streams/api/records{path}", headers=headers)
        assert answer.status_code in (200, 404)  # nobody has written there
    assert not [name for name, content in locked.nginx.written().items() if token.encode() in content]


@pytest.mark.anyio
async def test_refusals_come_through(locked: Front) -> None:
    live = f"{locked.url.replace('http', 'ws')}/api/live?streams=api&token="
    for token, code in (("", 4001), (signed(streams=["other"]), 4003)):
        async with connect(live + token, proxy=None) as connection:
            await connection.wait_closed()
        assert connection.close_code == code
    async with httpx.AsyncClient(verify=False, timeout=SOON) as client:
        answer = await client.get(f"{locked.url}/api/streams")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems give a machine one address of its own")
def test_each_client_of_nginx_has_a_limit_of_its_own(
    installed_nginx: str, redis_server: RedisServer, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAILRACE_LIMIT_ADDRESS_REQUESTS", "1")  # ten at once
    with running_front(redis_server, prefix, tmp_path) as front:
        with httpx.Client(verify=False, timeout=SOON) as client:
            statuses = [client.get(f"{front.url}/api/streams").status_code for _ in range(50)]
        assert statuses[-1] == 429
        with httpx.Client(transport=httpx.HTTPTransport(local_address=OTHER), timeout=SOON) as client:
            assert client.get(f"{front.url}/api/streams").status_code == 200
            # Who says to be somebody else is still who he is.
            forged = [
                client.get(f"{front.url}/api/streams", headers={"X-Forwarded-For": f"203.0.113.{i}"}) for i in range(50)
            ]
        assert forged[-1].status_code == 429
