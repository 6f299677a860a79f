"""uvicorn's WebSocket protocol, mended for fan-out: bytes built once are written to every connection, in one order."""

from __future__ import annotations

import asyncio
from asyncio.transports import BaseTransport
from typing import Any, Final

from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets import http11
from websockets.frames import Frame, Opcode
from websockets.http11 import Request

from tailrace_relay import codes
from tailrace_relay.sockets import tune
from tailrace_relay.websocket_messages import Inbox, MessageReader, prepare_close, prepare_text

__all__ = ["CONNECTION", "PreparedWebSocketProtocol", "prepare_close", "prepare_text"]

# Where a route finds its connection: scope["state"][CONNECTION].
CONNECTION: Final = "tailrace.connection"

# `drained` waits from the upper to the lower: one page of history is on its way while the next is read.
HIGH_WATER: Final = 256 * 1024
LOW_WATER: Final = 64 * 1024

# Input is parsed in pieces of this size: bounds how many tiny messages are made before reading pauses.
PIECE: Final = 16 * 1024

# Characters of a line of a handshake, which the library reads by its own module's limit, else 8 192: an address has a
# cursor, perhaps a token and a query; deploy/nginx takes as much.
http11.MAX_LINE_LENGTH = 32 * 1024

# Seconds for the peer to take what is unsent and to answer the close frame.
CLOSE_TIMEOUT: Final = 5.0

# Shared by all connections that can take more; one that cannot gets its own event until it can.
_WRITABLE: Final = asyncio.Event()
_WRITABLE.set()


class PreparedWebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's part is the opening handshake; from accept on all output goes through `write_prepared`.

    An application that knows nothing of it is served as ASGI says.
    """

    # Leaves fewer than 30 attributes to the dictionary: so many keys CPython shares among instances. Saves 1.2 KiB.
    __slots__ = ("app", "client", "conn", "frames", "held", "loop", "queue", "reader", "scope", "server", "written")

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.queue: Inbox = Inbox()  # type: ignore[assignment]
        self.writable = _WRITABLE
        # At DEBUG the library logs the request line, and with it a token in the query.
        self.conn.debug = False
        self.written = 0
        # Input that waits until the application took the message before it; bounded by one read of the transport.
        self.held = b""
        self.reader: MessageReader | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=HIGH_WATER, low=LOW_WATER)
        tune(transport)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:
            self.scope["state"][CONNECTION] = self

    async def send(self, message: ASGISendEvent) -> None:
        if not self.handshake_complete:
            await self._answer_handshake(message)
        elif message["type"] == "websocket.send":
            await self.drained()
            text, data = message.get("text"), message.get("bytes")
            frame = Frame(Opcode.BINARY, data or b"") if text is None else Frame(Opcode.TEXT, text.encode())
            if not self.write_prepared(frame.serialize(mask=False)):
                raise ClientDisconnected
        elif message["type"] == "websocket.close":
            self.close(message.get("code", 1000), message.get("reason") or "")
        else:
            raise RuntimeError(f"after accept came {message['type']!r}; right would be 'websocket.send' or '.close'")

    async def _answer_handshake(self, message: ASGISendEvent) -> None:
        # uvicorn logs the query too, in which a token may stand. The application keeps the whole scope.
        self.scope = self.scope.copy()
        self.scope["query_string"] = b""
        await super().send(message)
        if self.handshake_complete and not self.close_sent:
            # The handshake's objects are more than half of a connection's memory.
            del self.conn, self.request, self.response, self.scope
            self._resume_reading()

    def start_keepalive(self) -> None:
        """No pings: the gateway's heartbeats show life, without a timer for each connection."""

    @property
    def closed(self) -> bool:
        """Nothing can be written: before accept, behind a close frame, and when the peer is gone."""
        return not self.handshake_complete or self.close_sent or self.disconnected or self.transport.is_closing()

    @property
    def paused(self) -> bool:
        """Above the high-water mark, and not yet back at the low one."""
        return self.writable is not _WRITABLE

    @property
    def unsent(self) -> int:
        """Bytes that the kernel has not taken."""
        return self.transport.get_write_buffer_size()

    def write_prepared(self, data: bytes) -> bool:
        """Hands whole frames to the transport. False when it did nothing, because the connection is closed."""
        if self.closed:
            return False
        self.written += len(data)
        self.transport.write(data)
        return True

    async def drained(self) -> None:
        """Waits until it is not paused, or the peer is gone."""
        await self.writable.wait()

    def pause_writing(self) -> None:
        self.writable = asyncio.Event()

    def resume_writing(self) -> None:
        self.writable.set()
        self.writable = _WRITABLE

    def close(self, code: int, reason: str = "") -> None:
        """Sends the close frame behind everything written; the peer has `CLOSE_TIMEOUT` to take it and to answer."""
        if self._say_goodbye(prepare_close(code, reason), code, reason):
            self._resume_reading()

    def abort(self) -> None:
        """Cuts the connection; what is unsent is lost."""
        if not self.disconnected:
            self.transport.abort()

    def shutdown(self) -> None:
        if self.handshake_complete:
            self.close(codes.GOING_AWAY, "gateway shuts down")
        else:
            super().shutdown()

    def send_500_response(self) -> None:
        # What uvicorn does when the application raised: too late for a response, it would cut the connection.
        if self.handshake_complete:
            self.close(codes.FAILED, "gateway failed within")
        else:
            super().send_500_response()

    def eof_received(self) -> None:
        # Gone without a close frame: nobody reads the rest, and an orderly close would wait until it is read.
        if not self.close_sent:
            self.transport.abort()

    def _say_goodbye(self, frame: bytes, code: int, reason: str) -> bool:
        if not self.write_prepared(frame):
            return False
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.close_timer = self.loop.call_later(CLOSE_TIMEOUT, self.transport.abort)
        return True

    def _hang_up(self, *, linger: bool) -> None:
        self.held = b""
        if not self.transport.is_closing():
            if linger and self.transport.can_write_eof():
                # A socket closed over unread input sends a reset, which can overtake the close frame. So only our half
                # closes; the reader drops what still comes.
                self.transport.write_eof()
                self._resume_reading()
            else:
                self.transport.close()

    def data_received(self, data: bytes) -> None:
        if not self.handshake_initiated:
            super().data_received(data)
        else:
            self.held += data
            if not self.handshake_complete:
                self._pause_reading()
            self._read_held()

    async def receive(self) -> ASGIReceiveEvent:
        while not self.queue:
            await self.queue.arrival()
        event = self.queue.take()
        if self.read_paused and not self.queue:
            self._resume_reading()
        return event

    def _pause_reading(self) -> None:
        self.read_paused = True
        self.transport.pause_reading()

    def _resume_reading(self) -> None:
        self.read_paused = False
        self._read_held()
        if not self.read_paused:
            self.transport.resume_reading()

    def _read_held(self) -> None:
        while self.held and not self.read_paused:
            piece, self.held = self.held[:PIECE], self.held[PIECE:]
            self._read(self.reader or MessageReader(self.config.ws_max_size), piece)

    def _read(self, reader: MessageReader, piece: bytes) -> None:
        events = reader.feed(piece)
        # Behind our close frame the peer's messages go nowhere; only its own close frame counts.
        if events and not self.close_sent:
            for event in events:
                self.queue.put_nowait(event)
            self._pause_reading()
        self.reader = None if reader.resting else reader
        self._answer(reader)

    def _answer(self, reader: MessageReader) -> None:
        answer = reader.answer()
        if reader.close is not None:
            self._say_goodbye(answer, reader.close.code, reader.close.reason)
            self._hang_up(linger=not reader.peer_closed)
        elif answer and not self.paused:
            # A peer that pings and does not read gets no pongs: they would pile up here.
            self.write_prepared(answer)
