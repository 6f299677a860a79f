"""uvicorn in the test's own event loop, and clients that speak to it on real sockets."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import uvicorn
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.protocol import CLIENT, Protocol

from tailrace_relay.websocket_protocol import CONNECTION, PreparedWebSocketProtocol, prepare_text
from tests.servers import HOST, wait_for_async

MIB = 1024 * 1024

# Seconds; nobody waits longer than it takes.
TIMEOUT = 20.0


@asynccontextmanager
async def serving(app: Any, **config: Any) -> AsyncIterator[uvicorn.Server]:
    """Serves with our protocol unless `ws` says otherwise."""
    settings: dict[str, Any] = {
        "ws": PreparedWebSocketProtocol,
        "ws_per_message_deflate": False,
        "ws_max_size": 64 * 1024,
        "lifespan": "off",
        "log_config": None,
        "timeout_graceful_shutdown": 10,
    }
    server = uvicorn.Server(uvicorn.Config(app, host=HOST, port=0, **(settings | config)))
    running = asyncio.create_task(server.serve())
    try:
        await wait_for_async(lambda: server.started, TIMEOUT, "uvicorn to start")
        yield server
    finally:
        server.should_exit = True
        await running


def port_of(server: uvicorn.Server) -> int:
    port = server.servers[0].sockets[0].getsockname()[1]
    assert isinstance(port, int)
    return port


def url_of(server: uvicorn.Server, target: str = "/") -> str:
    return f"ws://{HOST}:{port_of(server)}{target}"


class Application:
    """Accepts and notes what comes; what goes out, the tests write to the connections."""

    def __init__(self) -> None:
        self.connections: list[PreparedWebSocketProtocol] = []
        self.events: list[Any] = []
        # Cleared: nothing is received until it is set again.
        self.receiving = asyncio.Event()
        self.receiving.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        connection = scope["state"][CONNECTION]
        assert not connection.write_prepared(b"before accept")
        await receive()
        await send({"type": "websocket.accept"})
        self.connections.append(connection)
        while not self.events or self.events[-1]["type"] != "websocket.disconnect":
            await self.receiving.wait()
            self.events.append(await receive())

    async def connection(self) -> PreparedWebSocketProtocol:
        await wait_for_async(lambda: self.connections, TIMEOUT, "a connection")
        return self.connections[-1]

    @property
    def texts(self) -> list[str]:
        return [event["text"] for event in self.events if "text" in event]

    async def disconnected(self) -> Any:
        await wait_for_async(lambda: self.events and "code" in self.events[-1], TIMEOUT, "the disconnect")
        return self.events[-1]


class RawClient:
    """A WebSocket client that reads only when told to, and sends whatever bytes it is told to."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self._protocol = Protocol(CLIENT, max_size=None)
        self._frames: deque[Frame] = deque()

    async def send(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.socket, data)

    async def frame(self) -> Frame | None:
        """The next one; None when the server ended the connection."""
        while not self._frames:
            async with asyncio.timeout(TIMEOUT):
                data = await asyncio.get_running_loop().sock_recv(self.socket, 256 * 1024)
            if not data:
                return None
            self._protocol.receive_data(data)
            self._frames += [event for event in self._protocol.events_received() if isinstance(event, Frame)]
        return self._frames.popleft()

    async def frames(self, count: int | None = None) -> list[Frame]:
        """So many, or all until the server ends the connection."""
        frames: list[Frame] = []
        while len(frames) != count and (frame := await self.frame()) is not None:
            frames.append(frame)
        return frames


@asynccontextmanager
async def raw_client(server: uvicorn.Server) -> AsyncIterator[RawClient]:
    loop = asyncio.get_running_loop()
    with socket.socket() as sock:
        sock.setblocking(False)
        await loop.sock_connect(sock, (HOST, port_of(server)))
        lines = ["GET / HTTP/1.1", f"Host: {HOST}", "Upgrade: websocket", "Connection: Upgrade"]
        lines += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13", "", ""]
        await loop.sock_sendall(sock, "\r\n".join(lines).encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += await loop.sock_recv(sock, 1)
        assert head.startswith(b"HTTP/1.1 101"), head
        yield RawClient(sock)


def client_frame(opcode: Opcode, data: bytes, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=True)


async def fill(connection: PreparedWebSocketProtocol, unsent: int) -> list[bytes]:
    """Writes until so much is unsent, which a client that does not read brings about; gives the payloads."""
    payloads: list[bytes] = []
    while connection.unsent < unsent:
        payloads.append(str(len(payloads)).encode().ljust(32 * 1024, b"."))
        assert connection.write_prepared(prepare_text(payloads[-1]))
        await asyncio.sleep(0)
    return payloads


async def received(client: ClientConnection) -> list[str | bytes]:
    """All messages until the connection is closed."""
    messages: list[str | bytes] = []
    with suppress(ConnectionClosed):
        async for message in client:
            messages.append(message)
    return messages
