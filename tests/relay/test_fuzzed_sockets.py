"""Whatever a client sends over a WebSocket, it gets an answer or a documented close code, and nobody else notices."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import hypothesis
import pytest
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tailrace.wire import Keys
from tests.e2e.gateways import GatewayProcess
from tests.relay.dialects.journal import Journal
from tests.servers import HOST, RedisServer

LONG = os.environ.get("TAILRACE_CHAOS") == "long"
EXAMPLES = 5_000 if LONG else 60

# Seconds; nobody waits longer than it takes.
TIMEOUT = 30.0

# What docs/PROTOCOL.md, B7, has for what a client sends, and 1000.
CODES = {1000, 1002, 1007, 1009, 3500, 3501, 4029}

# Bytes that a gateway may hold on to after all of it: buffers and caches that are full once.
GROWTH = 48 << 20

OWN_PATHS = ("/api/live", "/api/status")
PATHS = (*OWN_PATHS, "/ws/logs", "/ws/monitor", "/api/logs/ws/api", "/runs/1/logs/stream")

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
STREAMS = st.sampled_from(["api", "*", "run:*", "a,b,*", "", ",", "[", "a b", "*" * 128, "x" * 200])
CURSORS = st.sampled_from(["0-0", "1-1", "9-9~x~0", "1~api~1-1~e~0", "9007199254740992-1", "-", "~~~~"])
QUERIES = st.sampled_from(["level:>=info", "/(a+)+$/", "(", "a OR", "x:1..2", '"', "time:-1h", "NOT NOT NOT a"])
MEMBERS = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from(["a", "b", "", "x" * 65]) | JUNK,
        "streams": STREAMS | st.lists(STREAMS, max_size=3) | JUNK,
        "after": CURSORS | st.text(max_size=20) | JUNK,
        "tail": st.sampled_from(["1", "10000", "10001", "-1", "x"]) | st.integers() | JUNK,
        "level": st.sampled_from(["INFO", "nothing"]) | JUNK,
        "query": QUERIES | st.text(max_size=40) | JUNK,
        "token": JUNK,
        "more": JUNK,
    },
)
KINDS = st.sampled_from(["subscribe", "unsubscribe", "ping", "token", "hello"]) | JUNK
MESSAGES = (
    st.builds(lambda kind, members: json.dumps({"type": kind, **members}), KINDS, MEMBERS)
    | st.text(max_size=200)
    | st.binary(max_size=200)
    | st.sampled_from(["[" * 60_000, '{"a":' * 10_000, "x" * 70_000, "", "{}", "null", "ping"])
)


@pytest.fixture(scope="module")
def gateway(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    prefix = "test-fuzzed"
    directory: Path = tmp_path_factory.mktemp("gateway")
    with redis_server.client() as client, pytest.MonkeyPatch.context() as patch:
        for key in client.scan_iter(f"{prefix}*"):
            client.delete(key)
        journal = Journal(client, Keys(prefix))
        for stream in ("api", "b", "run:1"):
            journal.write(stream, "one", "two")
        journal.announce("api")
        patch.setenv("TAILRACE_DIALECTS", "all")
        patch.setenv("TAILRACE_LIMIT_ADDRESS_REQUESTS", "0")
        found = GatewayProcess(directory, redis_server.url, prefix)
        found.start()
        yield found
        found.stop()


def check(gateway: GatewayProcess) -> None:
    assert gateway.ready()
    written = gateway.output.read_text(errors="replace")
    assert "Traceback" not in written
    assert "ERROR" not in written


async def converse(url: str, messages: list[str | bytes]) -> int:
    """Send all of them, then read until nothing more is to come: a pong, or the end; gives the close code, 0 before."""
    async with connect(url, max_size=None, compression=None, open_timeout=TIMEOUT) as client:
        try:
            for message in messages:
                await client.send(message)
            await client.send(json.dumps({"type": "ping"}))
            await client.ping()
            async with asyncio.timeout(TIMEOUT):
                async for text in client:
                    if json.loads(text).get("type") == "pong":
                        return 0
        except (ConnectionClosed, TimeoutError, json.JSONDecodeError):
            pass
        return client.close_code or 0


def test_messages_of_any_kind_are_answered_or_end_their_connection(gateway: GatewayProcess) -> None:
    url = gateway.url.replace("http", "ws", 1)

    @hypothesis.given(st.sampled_from(OWN_PATHS), st.lists(MESSAGES, max_size=8))
    @hypothesis.settings(max_examples=EXAMPLES, deadline=None, derandomize=not LONG)
    def tell(path: str, messages: list[str | bytes]) -> None:
        code = asyncio.run(converse(url + path, messages))
        assert code == 0 or code in CODES

    before = gateway.resident_bytes
    tell()
    check(gateway)
    assert gateway.resident_bytes - before < GROWTH


def test_addresses_of_any_kind_are_answered(gateway: GatewayProcess) -> None:
    url = gateway.url.replace("http", "ws", 1)
    parameters = st.dictionaries(
        st.sampled_from(["streams", "after", "tail", "level", "query", "token", "x"]),
        STREAMS | CURSORS | QUERIES | st.text(st.characters(codec="utf-8"), max_size=20),
        max_size=4,
    )

    @hypothesis.given(st.sampled_from(PATHS), parameters, st.lists(MESSAGES, max_size=3))
    @hypothesis.settings(max_examples=EXAMPLES, deadline=None, derandomize=not LONG)
    def tell(path: str, asked: dict[str, str], messages: list[str | bytes]) -> None:
        code = asyncio.run(opened(f"{url}{path}?{urlencode(asked)}", messages))
        assert code == 0 or code in CODES

    tell()
    check(gateway)


async def opened(url: str, messages: list[str | bytes]) -> int:
    """Open it, say something, and go; gives the close code, 0 where the gateway had not closed it."""
    async with connect(url, max_size=None, compression=None, open_timeout=TIMEOUT) as client:
        try:
            for message in messages:
                await client.send(message)
            pong = await client.ping()
            await pong
        except ConnectionClosed:
            pass
        return client.close_code or 0


def test_bytes_that_are_no_frames_end_their_connection_alone(gateway: GatewayProcess) -> None:
    head = "\r\n".join(
        [
            "GET /api/live?streams=api HTTP/1.1",
            f"Host: {HOST}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
            "",
            "",
        ]
    )

    async def send(data: bytes) -> None:
        reader, writer = await asyncio.open_connection(HOST, gateway.port)
        writer.write(head.encode() + data)
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write_eof()
            async with asyncio.timeout(TIMEOUT):
                while await reader.read(65_536):
                    pass
        except (ConnectionError, asyncio.IncompleteReadError, InvalidHandshake):
            pass
        finally:
            writer.close()

    @hypothesis.given(st.binary(max_size=400))
    @hypothesis.settings(max_examples=EXAMPLES, deadline=None, derandomize=not LONG)
    def tell(data: bytes) -> None:
        asyncio.run(send(data))

    tell()
    check(gateway)
