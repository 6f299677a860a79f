"""What comes before any route: heads without end, heads that never end, and bodies, which may be long."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest

from tailrace_relay import http_protocol
from tailrace_relay.http_protocol import MAX_HEAD
from tests.e2e.gateways import GatewayThread
from tests.servers import HOST, RedisServer

TIMEOUT = 20.0

MIB = 1 << 20


@pytest.fixture
def gateway(redis_server: RedisServer, prefix: str) -> Iterator[GatewayThread]:
    found = GatewayThread(redis_server.url, prefix)
    found.start()
    yield found
    found.stop()


def answered(gateway: GatewayThread, *parts: bytes) -> tuple[bytes, int]:
    """What comes back for these bytes until the end, and how many of them were taken."""
    with socket.create_connection((HOST, gateway.port), timeout=TIMEOUT) as client:
        sent = 0
        with suppress(ConnectionError):
            for part in parts:
                sent += client.send(part)
        answer = b""
        with suppress(ConnectionError):
            while data := client.recv(65_536):
                answer += data
    return answer, sent


@pytest.mark.parametrize(
    "begin",
    [
        b"GET /api/health HTTP/1.1\r\nHost: x\r\nX-Long: ",
        b"GET /",
        b"GET /api/live HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Long: ",
        b"POST /api/test/logs HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Trailer: ",
    ],
)
def test_a_head_without_end_is_refused_long_before_it_costs_anything(begin: bytes, gateway: GatewayThread) -> None:
    answer, sent = answered(gateway, begin, *[b"a" * MIB] * 40)
    assert b" 431 " in answer or answer == b"" or b" 400 " in answer
    assert sent < 20 * MIB
    assert gateway.ready()


def test_many_headers_are_refused_too(gateway: GatewayThread) -> None:
    answer, sent = answered(gateway, b"GET / HTTP/1.1\r\n", *[b"a: b\r\n" * 100_000] * 20)
    assert sent < 20 * MIB
    assert b" 200 " not in answer


def test_a_head_that_does_not_end_in_time_is_cut_off(
    redis_server: RedisServer, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_TIMEOUT", 0.5)
    gateway = GatewayThread(redis_server.url, prefix)
    gateway.start()
    try:
        assert answered(gateway, b"GET / HTTP/1.1\r\nHost: x\r\n")[0] == b""
        # Also on a connection that was of use before.
        answer, _ = answered(gateway, b"GET /api/health HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n")
        assert answer.count(b"HTTP/1.1") == 1
    finally:
        gateway.stop()


def test_long_bodies_and_heads_of_use_pass(gateway: GatewayThread) -> None:
    record = {"message": "x" * 2000}
    with httpx.Client(base_url=gateway.url, timeout=TIMEOUT, verify=False) as client:
        for _ in range(3):  # on one connection
            answer = client.post("/api/streams/api/records", json=[record] * 500)
            assert answer.status_code == 201
        began = time.monotonic()
        headers = {"X-Long": "a" * (MAX_HEAD - 8192)}
        assert client.get("/api/health", headers=headers).status_code == 200
        assert time.monotonic() - began < TIMEOUT
