"""Where tokens are found, and that they leave no trace."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from tailrace.wire import Keys
from tailrace_relay.app import create_app
from tailrace_relay.auth.credentials import Credential, acceptance, take_credential
from tailrace_relay.settings import Settings
from tests.e2e.gateways import GatewayProcess
from tests.relay.asgi_server import port_of, serving
from tests.relay.auth.signing import OTHER_SECRET, SECRET, signed
from tests.relay.auth.ways import WAYS
from tests.relay.live import Log
from tests.relay.rest.test_records import append, record
from tests.servers import HOST, RedisServer

COOKIE = "tailrace_token"


def scope(address: str = "", subprotocols: list[str] | None = None, **headers: str) -> dict[str, Any]:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {"query_string": address.encode(), "headers": raw, "subprotocols": subprotocols or []}


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (scope(authorization="Bearer abc"), Credential("abc", ambient=False)),
        (scope(authorization="bearer   abc "), Credential("abc", ambient=False)),
        (scope(subprotocols=["tailrace", "bearer.abc"]), Credential("abc", ambient=False)),
        (scope("token=abc"), Credential("abc", ambient=False)),
        (scope("a=b&%74oken=a%2Bb&c"), Credential("a+b", ambient=False)),
        (scope(cookie="x=1; tailrace_token=abc; y"), Credential("abc", ambient=True)),
        (scope(cookie='odd"; tailrace_token=abc'), Credential("abc", ambient=True)),
        (scope("token=two", ["bearer.three"], authorization="Bearer one"), Credential("one", ambient=False)),
        (scope("token=two", ["bearer.three"]), Credential("three", ambient=False)),
        (scope("token=two", cookie="tailrace_token=four"), Credential("two", ambient=False)),
        (scope("token=", cookie="tailrace_token=four"), Credential("four", ambient=True)),
        (scope(authorization="Basic abc"), None),
        (scope(authorization="Bearer "), None),
        (scope(cookie="other=abc"), None),
        (scope(), None),
    ],
)
def test_a_token_is_found_wherever_it_may_be(request_: dict[str, Any], expected: Credential | None) -> None:
    assert take_credential(request_, COOKIE) == expected


@pytest.mark.parametrize(
    ("address", "left"),
    [
        ("streams=api&token=abc&after=0-0", b"streams=api&after=0-0"),
        ("token=abc", b""),
        ("t%6Fken=abc&token=def", b""),
        ("query=a%26token=x&tokens=y", b"query=a%26token=x&tokens=y"),
    ],
)
def test_it_is_gone_from_the_address_afterwards(address: str, left: bytes) -> None:
    request = scope(address, authorization="Bearer other")
    take_credential(request, COOKIE)
    assert request["query_string"] == left


def test_our_subprotocol_is_taken_where_it_is_offered() -> None:
    assert acceptance(scope(subprotocols=["bearer.abc", "tailrace"]))["subprotocol"] == "tailrace"
    assert "subprotocol" not in acceptance(scope(subprotocols=["bearer.abc"]))


@pytest.mark.anyio
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
async def test_the_application_around_sees_no_token_either(
    method: str, redis_server: RedisServer, prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Mounted, under a server that logs each request; also of a preflight, which is answered before all else."""
    relay = create_app(Settings(url=redis_server.url, prefix=prefix, allowed_origins=("https://app.example",)))
    app = Starlette()
    relay.mount_on(app, "/logs")
    preflight = {"Origin": "https://app.example", "Access-Control-Request-Method": "GET"}
    with caplog.at_level(logging.DEBUG, "uvicorn.access"), caplog.at_level(logging.DEBUG, "uvicorn.error"):
        logging.getLogger("uvicorn.access").addHandler(caplog.handler)
        async with serving(app, lifespan="on", access_log=True) as server:
            url = f"http://{HOST}:{port_of(server)}/logs/api/streams?token=a-secret"
            async with httpx.AsyncClient(verify=False) as client:
                assert (await client.request(method, url, headers=preflight)).status_code == 200
    lines = [line for line in caplog.text.splitlines() if "uvicorn" in line]
    assert any("/logs/api/streams" in line for line in lines)
    assert not any("a-secret" in line for line in lines)


@pytest.mark.anyio
async def test_no_token_reaches_what_a_gateway_writes(
    redis_server: RedisServer, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Good or bad, on every way in, also when the gateway is told to say all it can."""
    monkeypatch.setenv("TAILRACE_TOKEN_KEY", SECRET)
    monkeypatch.setenv("PYTHONASYNCIODEBUG", "1")
    gateway = GatewayProcess(tmp_path, redis_server.url, prefix)
    gateway.start()
    with redis_server.client() as client:
        append(Log(client, Keys(prefix), "api"), record("hello", 1))
    tokens = [signed(), signed(OTHER_SECRET), signed(streams=["other"]), "no-token-at-all-but-a-secret"]
    try:
        for way in WAYS:
            for token in tokens:
                seen = await way(gateway.url, token, "api")
                assert not any(token in text for text in (seen.text, seen.refusal))
    finally:
        gateway.stop()
    written = gateway.output.read_text()
    assert "Uvicorn running" in written
    for secret in (*tokens, SECRET):
        assert secret not in written
        # Nor its signature alone.
        assert secret.rpartition(".")[2] not in written
    assert os.environ["TAILRACE_TOKEN_KEY"] == SECRET
