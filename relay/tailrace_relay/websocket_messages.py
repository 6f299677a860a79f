"""WebSocket messages: those that go out as bytes, and bytes that come in as messages. No I/O."""

from __future__ import annotations

import asyncio
import struct
from typing import Final

from uvicorn._types import ASGIReceiveEvent, WebSocketReceiveEvent
from websockets.frames import Close, CloseCode, Frame, Opcode
from websockets.protocol import OPEN, SERVER, Protocol
from websockets.streams import StreamReader

__all__ = ["Inbox", "MessageReader", "prepare_close", "prepare_ping", "prepare_text"]

# The first byte of an unfragmented text message's frame (RFC 6455, 5.2).
FINAL_TEXT: Final = 0x80 | Opcode.TEXT

DATA: Final = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)


def prepare_text(*parts: bytes) -> bytes:
    """The frame of a text message, the same for every connection: build it once, write it to all.

    The parts are copied once, which the library would do twice.
    """
    size = sum(map(len, parts))
    if size < 126:
        head = struct.pack("!BB", FINAL_TEXT, size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", FINAL_TEXT, 126, size)
    else:
        head = struct.pack("!BBQ", FINAL_TEXT, 127, size)
    return b"".join((head, *parts))


def prepare_ping() -> bytes:
    """A ping, which the peer answers by itself; its application sees nothing of it."""
    return Frame(Opcode.PING, b"").serialize(mask=False)


def prepare_close(code: int, reason: str = "") -> bytes:
    # A close frame has room for 123 bytes of reason; a character cut in two is left out.
    fitting = reason.encode()[:123].decode(errors="ignore")
    return Frame(Opcode.CLOSE, Close(code, fitting).serialize()).serialize(mask=False)


class Inbox:
    """What is left of uvicorn's `asyncio.Queue`: the same `put_nowait` at a tenth of the memory, for one reader.

    It needs no bound of its own: while it holds a message, the socket is not read.
    """

    __slots__ = ("_arrival", "_events")

    def __init__(self) -> None:
        self._events: list[ASGIReceiveEvent] = []
        self._arrival: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return len(self._events)

    def put_nowait(self, event: ASGIReceiveEvent) -> None:
        self._events.append(event)
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

    def take(self) -> ASGIReceiveEvent:
        return self._events.pop(0)

    def arrival(self) -> asyncio.Future[None]:
        """Done when the next event comes."""
        self._arrival = asyncio.get_running_loop().create_future()
        return self._arrival


class MessageReader:
    """Bytes of a client in; whole messages, and what the library answers by itself, out. Does no I/O.

    It is needed only while something is incomplete. A connection drops it when it rests, so an idle client has none.
    """

    __slots__ = ("_is_text", "_partial", "_protocol")

    def __init__(self, max_size: int) -> None:
        self._protocol = Protocol(SERVER, max_size=max_size)
        # The fragments of an unfinished message. Not a list: one of fragments of a byte takes 100 times as much.
        self._partial: bytearray | None = None
        self._is_text = False

    def feed(self, data: bytes) -> list[WebSocketReceiveEvent]:
        self._protocol.receive_data(data)
        events = []
        try:
            for frame in self._protocol.events_received():
                if isinstance(frame, Frame) and frame.opcode in DATA and (message := self._join(frame)) is not None:
                    events.append(self._event(message))
        except UnicodeDecodeError:
            self._protocol.fail(CloseCode.INVALID_DATA, "text is not UTF-8")
        return events

    def answer(self) -> bytes:
        """Pongs; a close frame when the peer closed or broke the rules. To be written, or dropped."""
        return b"".join(self._protocol.data_to_send())

    @property
    def close(self) -> Close | None:
        """Set when the peer closed or broke the rules: nothing comes any more."""
        return self._protocol.close_rcvd or self._protocol.close_sent

    @property
    def peer_closed(self) -> bool:
        return self._protocol.close_rcvd is not None

    @property
    def resting(self) -> bool:
        """Between two messages there is no state to keep. Were this wrong, readers would only live longer."""
        waiting = getattr(self._protocol.parser, "gi_yieldfrom", None)
        between_frames = waiting is not None and waiting.gi_code is StreamReader.at_eof.__code__
        return between_frames and self._partial is None and self._protocol.state is OPEN

    def _join(self, frame: Frame) -> bytes | None:
        if frame.opcode is not Opcode.CONT:
            self._is_text = frame.opcode is Opcode.TEXT
        if frame.fin and self._partial is None:
            return bytes(frame.data)
        self._partial = self._partial or bytearray()
        self._partial += frame.data
        if not frame.fin:
            return None
        message, self._partial = bytes(self._partial), None
        return message

    def _event(self, message: bytes) -> WebSocketReceiveEvent:
        if self._is_text:
            return {"type": "websocket.receive", "text": message.decode()}
        return {"type": "websocket.receive", "bytes": message}
