from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tailrace_relay.outbox import (
    UNSENT_LIMIT,
    EventStreamOutbox,
    Message,
    Ping,
    PreparedOutbox,
    QueuedOutbox,
    Several,
)
from tailrace_relay.websocket_protocol import CONNECTION, prepare_text
from tests.relay.asgi_server import TIMEOUT, port_of, serving, url_of
from tests.servers import HOST, wait_for_async

pytestmark = pytest.mark.anyio

AnyOutbox: TypeAlias = PreparedOutbox | QueuedOutbox | EventStreamOutbox


@pytest.fixture(params=[True, False], ids=["uvloop", "asyncio"], scope="module")
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    return "asyncio", {"use_uvloop": request.param}


class Application:
    """Gives every client an outbox, which the tests write to."""

    def __init__(self) -> None:
        self.outboxes: list[AnyOutbox] = []
        self.running = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.running += 1
        outbox = await self._open(scope, receive, send)
        self.outboxes.append(outbox)
        writer = asyncio.create_task(outbox.run()) if not isinstance(outbox, PreparedOutbox) else None
        receiver = asyncio.create_task(_until_disconnect(receive))
        await asyncio.wait({writer or receiver, receiver}, return_when=asyncio.FIRST_COMPLETED)
        outbox.abort()
        receiver.cancel()
        if writer is not None:
            await writer
        self.running -= 1

    async def _open(self, scope: Any, receive: Any, send: Any) -> AnyOutbox:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            return EventStreamOutbox(send)
        await receive()
        await send({"type": "websocket.accept"})
        connection = scope.get("state", {}).get(CONNECTION)
        return QueuedOutbox(send) if connection is None else PreparedOutbox(connection)

    async def outbox(self) -> AnyOutbox:
        await wait_for_async(lambda: self.outboxes, TIMEOUT, "a client")
        return self.outboxes[-1]


async def _until_disconnect(receive: Any) -> None:
    while (await receive())["type"] not in ("websocket.disconnect", "http.disconnect"):
        pass


class Client:
    """Reads when told to; what it gets are the texts of messages."""

    def __init__(self, messages: AsyncIterator[bytes]) -> None:
        self._messages = messages

    async def read(self, count: int | None = None) -> list[bytes]:
        """So many, or all until the end."""
        texts: list[bytes] = []
        while len(texts) != count:
            try:
                texts.append(await asyncio.wait_for(anext(self._messages), TIMEOUT))
            except (StopAsyncIteration, ConnectionClosed):
                break
        return texts


@asynccontextmanager
async def websocket_client(server: uvicorn.Server) -> AsyncIterator[Client]:
    # A client that was aborted while it did not read waits so long for the end of what it never reads.
    async with connect(url_of(server, "/live"), close_timeout=0.1) as websocket:
        yield Client(message.encode() async for message in websocket if isinstance(message, str))


@asynccontextmanager
async def event_client(server: uvicorn.Server) -> AsyncIterator[Client]:
    url = f"http://{HOST}:{port_of(server)}/live"
    async with httpx.AsyncClient(timeout=TIMEOUT) as http, http.stream("GET", url) as response:
        yield Client(line[6:].encode() async for line in response.aiter_lines() if line.startswith("data: "))


KINDS = {
    "prepared": ({}, websocket_client),
    "queued": ({"ws": "websockets-sansio"}, websocket_client),
    "events": ({}, event_client),
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Any:
    return KINDS[request.param]


@pytest.fixture
async def app() -> Application:
    return Application()


@pytest.fixture
async def client(kind: Any, app: Application) -> AsyncIterator[Client]:
    settings, connecting = kind
    async with serving(app, **settings) as server:
        async with connecting(server) as client:
            yield client
        await wait_for_async(lambda: not app.running, TIMEOUT, "the application to end")


def message(n: int, size: int = 0) -> Message:
    return Message("records", [b'{"n":%d,' % n, b'"x":"%s"}' % (b"x" * size)], f"1-{n}")


async def fill(outbox: AnyOutbox) -> list[bytes]:
    """Writes until the outbox refuses; gives what it took."""
    for n in itertools.count():
        if not outbox.write(message(n, 32 * 1024)):
            return [message(taken, 32 * 1024).text for taken in range(n)]
        await asyncio.sleep(0)
    raise AssertionError


def test_what_a_transport_needs_is_built_once() -> None:
    shared = message(7)
    assert shared.websocket is shared.websocket
    assert shared.event is shared.event
    assert shared.text is shared.text


@pytest.mark.parametrize("text_first", [True, False])
def test_the_text_is_the_same_whoever_asked_first(text_first: bool) -> None:
    parted = message(7)
    assert not text_first or parted.text == b'{"n":7,"x":""}'
    assert parted.websocket == prepare_text(b'{"n":7,"x":""}')
    assert parted.event == b'id: 1-7\nevent: records\ndata: {"n":7,"x":""}\n\n'
    assert parted.text == b'{"n":7,"x":""}'


def test_an_event_has_an_id_when_the_message_moves_the_cursor() -> None:
    assert Message("records", [b'{"a":', b"1}"], "1-2~e~g").event == b'id: 1-2~e~g\nevent: records\ndata: {"a":1}\n\n'
    assert Message("error", [b"{}"]).event == b"event: error\ndata: {}\n\n"


def test_several_texts_are_as_many_events_without_names() -> None:
    assert Several("records", [b"1", b"2"], ["1-1", "1-2"]).event == b"id: 1-1\ndata: 1\n\nid: 1-2\ndata: 2\n\n"
    assert Several("records", [b"1", b"2"]).event == b"data: 1\n\ndata: 2\n\n"


async def test_several_texts_written_in_one_go_are_a_message_each(app: Application, client: Client) -> None:
    outbox = await app.outbox()
    assert outbox.write(Several("records", [b'{"n":1}', b'{"n":2}']))
    assert outbox.write(Ping())
    assert outbox.write(Several("records", [b'{"n":3}']))
    outbox.close(1000, "")
    assert await client.read() == [b'{"n":1}', b'{"n":2}', b'{"n":3}']


async def test_messages_arrive_in_order_and_then_the_end(app: Application, client: Client) -> None:
    outbox = await app.outbox()
    assert all(outbox.write(message(n)) for n in range(1_000))
    outbox.close(3000, "gateway shuts down")
    assert outbox.closed
    assert not outbox.write(message(1_000))
    assert await client.read() == [message(n).text for n in range(1_000)]


async def test_a_full_outbox_refuses_and_loses_nothing_it_took(app: Application, client: Client) -> None:
    outbox = await app.outbox()
    taken = await fill(outbox)
    assert UNSENT_LIMIT < outbox.unsent < UNSENT_LIMIT + 40 * 1024
    assert (outbox.behind, outbox.closed) == (True, False)
    progress = outbox.progress
    drained = asyncio.create_task(outbox.drained())
    assert await client.read(len(taken)) == taken
    await asyncio.wait_for(drained, TIMEOUT)
    await wait_for_async(lambda: not outbox.unsent, TIMEOUT, "the outbox to be empty")
    assert outbox.progress > progress
    assert outbox.write(message(1))
    outbox.close(1000, "")
    assert await client.read() == [message(1).text]


async def test_an_aborted_outbox_ends_the_application_and_wakes_who_waits(app: Application, client: Client) -> None:
    outbox = await app.outbox()
    await fill(outbox)
    drained = asyncio.create_task(outbox.drained())
    await asyncio.sleep(0)
    outbox.abort()
    assert outbox.closed
    assert not outbox.write(message(1))
    await asyncio.wait_for(drained, TIMEOUT)
    await wait_for_async(lambda: not app.running, TIMEOUT, "the application to end")


@pytest.mark.parametrize("kind", KINDS)
async def test_an_outbox_closes_when_its_client_goes(app: Application, kind: str) -> None:
    settings, connecting = KINDS[kind]
    async with serving(app, **settings) as server:
        async with connecting(server):
            outbox = await app.outbox()
            assert outbox.write(message(1))
        await wait_for_async(lambda: outbox.closed, TIMEOUT, "the outbox to close")
        assert not outbox.write(message(2))


async def test_the_close_code_of_a_queued_outbox_arrives(app: Application) -> None:
    host = FastAPI()
    host.mount("/logs", app)
    async with (
        serving(host, ws="websockets-sansio") as server,
        connect(url_of(server, "/logs/live")) as websocket,
    ):
        outbox = await app.outbox()
        outbox.write(message(1))
        outbox.close(3501, "after is not usable")
        assert await websocket.recv() == message(1).text.decode()
        await websocket.wait_closed()
        assert (websocket.close_code, websocket.close_reason) == (3501, "after is not usable")


async def test_a_ping_is_a_comment() -> None:
    sent: asyncio.Queue[Any] = asyncio.Queue()
    outbox = EventStreamOutbox(sent.put)
    assert outbox.ping()
    outbox.close(3000, "")
    await outbox.run()
    assert [sent.get_nowait()["body"] for _ in range(2)] == [b": ping\n\n", b""]


async def test_a_server_that_says_the_client_is_gone_ends_the_writer() -> None:
    async def send(event: Any) -> None:
        raise OSError

    outbox = QueuedOutbox(send)
    outbox.write(message(1))
    await asyncio.wait_for(outbox.run(), TIMEOUT)
    assert outbox.closed


@pytest.mark.parametrize(("aborted", "cancelled"), [(True, False), (False, True), (True, True)])
async def test_only_its_own_cancellation_ends_in_the_writer(aborted: bool, cancelled: bool) -> None:
    sent: asyncio.Queue[Any] = asyncio.Queue(maxsize=1)
    outbox = QueuedOutbox(sent.put)
    assert all(outbox.write(message(n)) for n in range(3))
    writer = asyncio.create_task(outbox.run())
    await asyncio.sleep(0)
    if aborted:
        outbox.abort()
    if cancelled:
        writer.cancel()
    await asyncio.wait({writer})
    assert (writer.cancelled(), outbox.closed) == (cancelled, True)
