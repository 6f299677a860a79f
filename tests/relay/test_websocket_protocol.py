from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import socket
import weakref
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from tailrace_relay import websocket_protocol
from tailrace_relay.websocket_messages import MessageReader
from tailrace_relay.websocket_protocol import prepare_text
from tests.relay.asgi_server import MIB, TIMEOUT, Application, client_frame, fill, raw_client, received, serving, url_of
from tests.servers import wait_for_async

pytestmark = pytest.mark.anyio


@pytest.fixture(params=[True, False], ids=["uvloop", "asyncio"], scope="module")
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    return "asyncio", {"use_uvloop": request.param}


@pytest.fixture
async def app() -> Application:
    return Application()


@pytest.fixture
async def server(app: Application) -> AsyncIterator[uvicorn.Server]:
    async with serving(app) as server:
        yield server


async def test_prepared_writes_and_the_close_arrive_in_order(app: Application, server: uvicorn.Server) -> None:
    async with connect(url_of(server)) as client:
        connection = await app.connection()
        sent = [f'{{"n": {n}}}' for n in range(2_000)]
        assert all(connection.write_prepared(prepare_text(text.encode())) for text in sent)
        connection.close(3002, "failed within")
        assert not connection.write_prepared(prepare_text(b"too late"))
        assert await received(client) == sent
        assert (client.close_code, client.close_reason) == (3002, "failed within")
    assert await app.disconnected() == {"type": "websocket.disconnect", "code": 3002, "reason": "failed within"}


async def test_the_unsent_bytes_of_a_client_that_does_not_read_are_seen(
    app: Application, server: uvicorn.Server
) -> None:
    async with raw_client(server) as client:
        connection = await app.connection()
        payloads = await fill(connection, MIB)
        assert 0 < connection.written - connection.unsent < connection.written
        drained = asyncio.create_task(connection.drained())
        assert [frame.data for frame in await client.frames(len(payloads))] == payloads
        await asyncio.wait_for(drained, TIMEOUT)
        assert connection.unsent == 0
    await app.disconnected()


async def test_a_close_comes_behind_what_is_unsent(app: Application, server: uvicorn.Server) -> None:
    async with raw_client(server) as client:
        connection = await app.connection()
        payloads = await fill(connection, MIB)
        connection.close(3001, "slow")
        frames = await client.frames(len(payloads) + 1)
        assert [frame.data for frame in frames] == [*payloads, (3001).to_bytes(2, "big") + b"slow"]
        await client.send(client_frame(Opcode.CLOSE, (3001).to_bytes(2, "big")))
        assert await client.frames() == []
        await wait_for_async(lambda: connection.disconnected, TIMEOUT, "the end of the connection")


async def test_a_client_that_never_answers_the_close_is_cut(
    app: Application, server: uvicorn.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket_protocol, "CLOSE_TIMEOUT", 0.05)
    async with raw_client(server):
        connection = await app.connection()
        await fill(connection, MIB)
        connection.close(3001, "slow")
        await wait_for_async(lambda: connection.disconnected, TIMEOUT, "the end of the connection")


async def test_an_abort_drops_what_is_unsent_and_wakes_who_waits(app: Application, server: uvicorn.Server) -> None:
    async with raw_client(server):
        connection = await app.connection()
        await fill(connection, MIB)
        drained = asyncio.create_task(connection.drained())
        await asyncio.sleep(0)
        connection.abort()
        assert connection.closed
        assert not connection.write_prepared(prepare_text(b"too late"))
        await asyncio.wait_for(drained, TIMEOUT)
    await app.disconnected()


async def test_a_client_that_hangs_up_unread_is_noticed(app: Application, server: uvicorn.Server) -> None:
    async with raw_client(server) as client:
        connection = await app.connection()
        await fill(connection, MIB)
        client.socket.shutdown(socket.SHUT_WR)
        await app.disconnected()
        assert connection.closed


async def test_a_shutdown_sends_3000_behind_what_was_written(app: Application) -> None:
    async with serving(app) as server:
        client = await connect(url_of(server))
        (await app.connection()).write_prepared(prepare_text(b"last words"))
    assert await received(client) == ["last words"]
    assert (client.close_code, client.close_reason) == (3000, "gateway shuts down")


async def test_a_message_beyond_the_limit_closes_that_connection_only(
    app: Application, server: uvicorn.Server, caplog: pytest.LogCaptureFixture
) -> None:
    async with connect(url_of(server)) as other:
        client = await connect(url_of(server))
        await wait_for_async(lambda: len(app.connections) == 2, TIMEOUT, "both")
        with contextlib.suppress(ConnectionClosed):  # perhaps while it is still sending
            await client.send("x" * 10 * MIB)
        assert await received(client) == []
        assert client.close_code == 1009
        for connection in app.connections:
            connection.write_prepared(prepare_text(b"still here"))
        assert await other.recv() == "still here"
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING or record.exc_info]


GARBAGE = {
    "zeros": (b"\x00" * 64, 1002),
    "http": (b"GET / HTTP/1.1\r\n\r\n", 1002),
    "not masked": (Frame(Opcode.TEXT, b"text").serialize(mask=False), 1002),
    "continues nothing": (client_frame(Opcode.CONT, b"text"), 1002),
    "bad close": (client_frame(Opcode.CLOSE, b"\x03"), 1002),
    "not UTF-8": (client_frame(Opcode.TEXT, b"\xff\xfe"), 1007),
    "too long": (client_frame(Opcode.TEXT, b"x" * 65_537), 1009),
    "too long in parts": (client_frame(Opcode.TEXT, b"", fin=False) + client_frame(Opcode.CONT, b"x" * 65_537), 1009),
}


@pytest.mark.parametrize(("garbage", "code"), GARBAGE.values(), ids=GARBAGE)
async def test_garbage_closes_with_a_code_and_nothing_in_the_log(
    app: Application, server: uvicorn.Server, caplog: pytest.LogCaptureFixture, garbage: bytes, code: int
) -> None:
    async with raw_client(server) as client:
        # What is unread when the server closes must not turn into a reset that hides the close frame.
        await client.send(garbage + client_frame(Opcode.PONG, b"x" * 100) * 3_000)
        frames = await client.frames()
        assert [frame.opcode for frame in frames] == [Opcode.CLOSE]
        assert int.from_bytes(frames[0].data[:2], "big") == code
        assert (await app.disconnected())["code"] == code
        assert not [record for record in caplog.records if record.levelno >= logging.WARNING or record.exc_info]


async def test_an_idle_client_has_no_reader(app: Application, server: uvicorn.Server) -> None:
    async with raw_client(server) as client:
        connection = await app.connection()
        await client.send(client_frame(Opcode.PING, b"ping") + client_frame(Opcode.TEXT, b"half", fin=False))
        assert await client.frame() == Frame(Opcode.PONG, b"ping")
        assert isinstance(connection.reader, MessageReader)
        await client.send(client_frame(Opcode.CONT, b" and half"))
        await wait_for_async(lambda: app.texts == ["half and half"], TIMEOUT, "the message")
        await wait_for_async(lambda: connection.reader is None, TIMEOUT, "the reader to go")
    await app.disconnected()


async def test_pongs_do_not_pile_up_for_a_client_that_pings_and_does_not_read(
    app: Application, server: uvicorn.Server
) -> None:
    async with raw_client(server) as client:
        connection = await app.connection()
        await fill(connection, MIB)
        before = connection.written
        await client.send(client_frame(Opcode.PING, b"x" * 125) * 1_000 + client_frame(Opcode.TEXT, b"done"))
        await wait_for_async(lambda: app.texts == ["done"], TIMEOUT, "the message behind the pings")
        assert connection.written == before
        connection.abort()
    await app.disconnected()


async def test_a_flood_waits_in_the_network_until_the_application_takes_it(
    app: Application, server: uvicorn.Server
) -> None:
    app.receiving.clear()
    async with raw_client(server) as client:
        connection = await app.connection()
        flood = b"".join(client_frame(Opcode.TEXT, str(n).encode()) for n in range(40_000))
        sending = asyncio.create_task(client.send(flood))
        await wait_for_async(lambda: connection.read_paused, TIMEOUT, "reading to pause")
        assert len(connection.queue) <= 16 * 1024 / len(client_frame(Opcode.TEXT, b"0"))
        assert len(connection.held) <= 256 * 1024
        app.receiving.set()
        await asyncio.wait_for(sending, TIMEOUT)
        await wait_for_async(lambda: len(app.texts) == 40_000, TIMEOUT, "all messages")
        assert app.texts == [str(n) for n in range(40_000)]
    await app.disconnected()


async def test_the_query_is_not_logged(app: Application, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with (
        serving(app, log_level="debug") as server,
        connect(url_of(server, "/api/live?token=s3cret")) as client,
    ):
        await client.close()
        await app.disconnected()
    server_log = [r.getMessage() for r in caplog.records if not r.name.startswith("websockets.client")]
    assert any('"WebSocket /api/live" [accepted]' in line for line in server_log)
    assert not [line for line in server_log if "s3cret" in line]


async def test_an_application_that_knows_only_asgi_is_served(caplog: pytest.LogCaptureFixture) -> None:
    async def echo(scope: Any, receive: Any, send: Any) -> None:
        assert scope["query_string"] == b"a=b"
        await receive()
        await send({"type": "websocket.accept"})
        while (event := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": event["text"]})
            if event["text"] == "bye":
                await send({"type": "websocket.close", "code": 4000})

    async with serving(echo) as server, connect(url_of(server, "/?a=b")) as client:
        for text in ("hello", "bye"):
            await client.send(text)
        assert await received(client) == ["hello", "bye"]
        assert client.close_code == 4000
    assert not [r for r in caplog.records if r.exc_info]


async def test_an_application_that_fails_closes_with_3002() -> None:
    async def fail(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        raise ValueError

    async with serving(fail) as server, connect(url_of(server)) as client:
        assert await received(client) == []
        assert client.close_code == 3002


async def test_a_connection_that_ended_leaves_nothing(app: Application, server: uvicorn.Server) -> None:
    async with connect(url_of(server)):
        ended = weakref.ref(await app.connection())
        assert not hasattr(app.connections.pop(), "scope")
    await app.disconnected()
    await wait_for_async(lambda: gc.collect() >= 0 and ended() is None, TIMEOUT, "the connection to be freed")


@pytest.mark.skipif(not hasattr(socket, "TCP_NOTSENT_LOWAT"), reason="this platform has no such option")
async def test_the_kernel_does_not_hide_a_slow_client(app: Application, server: uvicorn.Server) -> None:
    async with connect(url_of(server)):
        connected = (await app.connection()).transport.get_extra_info("socket")
        assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT) == 128 * 1024
    await app.disconnected()
