"""Where a session writes: one seam, whatever carries the messages to the client."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, Final, Protocol

from tailrace_relay.websocket_messages import prepare_ping, prepare_text
from tailrace_relay.websocket_protocol import HIGH_WATER, LOW_WATER, PreparedWebSocketProtocol

__all__ = [
    "UNSENT_LIMIT",
    "EventStreamOutbox",
    "Message",
    "Outbox",
    "Ping",
    "PreparedOutbox",
    "QueuedOutbox",
    "Several",
]

# A client with more than this unsent is slow: it leaves its group and catches up from its cursor.
UNSENT_LIMIT: Final = 1024 * 1024

PING: Final = b": ping\n\n"

Event = MutableMapping[str, Any]
Send = Callable[[Event], Awaitable[None]]


class Message:
    """One message to clients. What a transport needs around the text is made once and shared by all who get it.

    The text comes in parts: big ones are joined once, with what the transport puts around them.
    """

    __slots__ = ("_event", "_parts", "_websocket", "cursor", "type")

    def __init__(self, type: str, parts: Sequence[bytes], cursor: str | None = None) -> None:
        self.type = type
        self.cursor = cursor
        self._parts = parts
        self._websocket: bytes | None = None
        self._event: bytes | None = None

    @property
    def text(self) -> bytes:
        """The JSON alone."""
        if len(self._parts) > 1:
            self._parts = (b"".join(self._parts),)
        return self._parts[0]

    @property
    def texts(self) -> Sequence[bytes]:
        """What a WebSocket's client gets, one after the other."""
        return (self.text,)

    @property
    def websocket(self) -> bytes:
        """The frames of a WebSocket."""
        if self._websocket is None:
            self._websocket = self._frames()
        return self._websocket

    @property
    def event(self) -> bytes:
        """The events of an event stream. JSON has no raw line ends, so one data line is enough."""
        if self._event is None:
            self._event = self._events()
        return self._event

    def _frames(self) -> bytes:
        return prepare_text(*self._parts)

    def _events(self) -> bytes:
        id = b"" if self.cursor is None else b"id: %s\n" % self.cursor.encode()
        return b"".join((id, b"event: %s\ndata: " % self.type.encode(), *self._parts, b"\n\n"))


class Several(Message):
    """Several texts that are written together: to the client a frame each, or an event without a name.

    Args:
        ids: of the events; none where clients do not come again with them.
    """

    __slots__ = ("_ids",)

    def __init__(self, type: str, texts: Sequence[bytes], ids: Sequence[str] = ()) -> None:
        super().__init__(type, texts)
        self._ids = ids

    @property
    def text(self) -> bytes:
        return b"\n".join(self._parts)

    @property
    def texts(self) -> Sequence[bytes]:
        return self._parts

    def _frames(self) -> bytes:
        return b"".join(map(prepare_text, self._parts))

    def _events(self) -> bytes:
        if not self._ids:
            return b"".join(b"data: %s\n\n" % text for text in self._parts)
        pairs = zip(self._ids, self._parts, strict=True)
        return b"".join(b"id: %s\ndata: %s\n\n" % (id.encode(), text) for id, text in pairs)


class Ping(Message):
    """A WebSocket's own sign of life, of which a page sees nothing. Event streams have one of their own."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("ping", ())

    @property
    def text(self) -> bytes:
        return b""

    @property
    def texts(self) -> Sequence[bytes]:
        return ()

    def _frames(self) -> bytes:
        return prepare_ping()

    def _events(self) -> bytes:
        return b""


class Outbox(Protocol):
    """Takes messages in order and never waits. It is bounded: what it refuses, the client gets later by its cursor."""

    @property
    def unsent(self) -> int:
        """Bytes that wait for the client."""

    @property
    def progress(self) -> int:
        """Bytes that have left. A client whose outbox has unsent bytes and makes no progress is stuck."""

    @property
    def behind(self) -> bool:
        """So much is unsent that `drained` would wait; `write` still takes messages up to the limit."""

    @property
    def closed(self) -> bool:
        """Nothing is taken any more."""

    def write(self, message: Message) -> bool:
        """False when it did nothing: closed, or more than the limit is unsent already."""

    async def drained(self) -> None:
        """Waits until it is not behind, or closed."""

    def close(self, code: int, reason: str) -> None:
        """Ends the connection after what was written."""

    def abort(self) -> None:
        """Ends the connection now; what is unsent is lost."""


class PreparedOutbox:
    """For WebSockets of our own server: the bytes of a message go to the transport as they are."""

    __slots__ = ("_connection", "_limit")

    def __init__(self, connection: PreparedWebSocketProtocol, *, limit: int = UNSENT_LIMIT) -> None:
        self._connection = connection
        self._limit = limit

    @property
    def unsent(self) -> int:
        return self._connection.unsent

    @property
    def progress(self) -> int:
        return self._connection.written - self._connection.unsent

    @property
    def behind(self) -> bool:
        return self._connection.paused

    @property
    def closed(self) -> bool:
        return self._connection.closed

    def write(self, message: Message) -> bool:
        return self._connection.unsent <= self._limit and self._connection.write_prepared(message.websocket)

    async def drained(self) -> None:
        await self._connection.drained()

    def close(self, code: int, reason: str) -> None:
        self._connection.close(code, reason)

    def abort(self) -> None:
        self._connection.abort()


class PendingOutbox:
    """What the two below share: a bounded list of bytes, and `run`, which hands them to ASGI's `send` one by one."""

    def __init__(self, send: Send, event: Callable[[bytes], Event], limit: int) -> None:
        self._send = send
        self._event = event
        self._limit = limit
        self._pending: deque[bytes] = deque()
        self._farewell: Event | None = None
        self._wake = asyncio.Event()
        self._ready = asyncio.Event()
        self._ready.set()
        self._writer: asyncio.Task[Any] | None = None
        self._aborted = False
        # What `send` has not come back from counts as unsent.
        self.unsent = 0
        self.progress = 0
        self.closed = False

    @property
    def behind(self) -> bool:
        return not self._ready.is_set()

    async def drained(self) -> None:
        await self._ready.wait()

    def abort(self) -> None:
        """ASGI cannot cut a connection: this ends `run`, its caller returns, and the server closes."""
        self._aborted = True
        self._end()
        if self._writer is not None:
            self._writer.cancel()

    async def run(self) -> None:
        """Hands on what is written, until the outbox is closed or the server says that the client is gone."""
        self._writer = asyncio.current_task()
        try:
            if not self._aborted:
                await self._hand_on()
        except OSError:
            pass  # what ASGI servers raise when the client is gone: nobody is left to tell
        except asyncio.CancelledError:
            # Our own cancellation ends here; somebody else's goes on.
            if not self._aborted or self._writer is None or self._writer.uncancel() > 0:
                raise
        finally:
            self._writer = None
            self._end()

    def _put(self, *texts: bytes) -> bool:
        if self.closed or self.unsent > self._limit:
            return False
        self._pending.extend(texts)
        self.unsent += sum(map(len, texts))
        if self.unsent > HIGH_WATER:
            self._ready.clear()
        self._wake.set()
        return True

    def _finish(self, farewell: Event) -> None:
        if not self.closed:
            self._farewell = farewell
            self._end()

    def _end(self) -> None:
        self.closed = True
        self._ready.set()
        self._wake.set()

    async def _hand_on(self) -> None:
        while True:
            while self._pending:
                data = self._pending.popleft()
                await self._send(self._event(data))
                self._left(len(data))
            if self._farewell is not None:
                await self._send(self._farewell)
                return
            self._wake.clear()
            await self._wake.wait()

    def _left(self, size: int) -> None:
        self.unsent -= size
        self.progress += size
        if self.unsent <= LOW_WATER:
            self._ready.set()


class QueuedOutbox(PendingOutbox):
    """For WebSockets of any ASGI server. `run` must be running."""

    def __init__(self, send: Send, *, limit: int = UNSENT_LIMIT) -> None:
        super().__init__(send, _text, limit)

    def write(self, message: Message) -> bool:
        return self._put(*message.texts)

    def close(self, code: int, reason: str) -> None:
        self._finish({"type": "websocket.close", "code": code, "reason": reason})


class EventStreamOutbox(PendingOutbox):
    """For an event stream whose `http.response.start` is sent. `run` must be running."""

    def __init__(self, send: Send, *, limit: int = UNSENT_LIMIT) -> None:
        super().__init__(send, _part, limit)

    def write(self, message: Message) -> bool:
        return self._put(message.event)

    def ping(self) -> bool:
        """A comment, which keeps proxies from closing a quiet connection."""
        return self._put(PING)

    def close(self, code: int, reason: str) -> None:
        # Event streams have no close code: the client comes again with its last ID.
        self._finish({"type": "http.response.body", "body": b"", "more_body": False})


def _text(data: bytes) -> Event:
    return {"type": "websocket.send", "text": data.decode()}


def _part(data: bytes) -> Event:
    return {"type": "http.response.body", "body": data, "more_body": True}
