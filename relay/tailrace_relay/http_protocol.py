"""uvicorn's HTTP protocol, mended: what comes before any route is bounded, and whoever does not read is cut off."""

from __future__ import annotations

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tailrace_relay.app import GATEWAY
from tailrace_relay.sockets import tune
from tailrace_relay.sse import CUT_OFF
from tailrace_relay.websocket_protocol import CLOSE_TIMEOUT

__all__ = ["HEAD_TIMEOUT", "MAX_HEAD", "HttpProtocol"]

# Bytes of a request's head, or of what stands around its body: the parser joins pieces of a header in a time that
# grows with their square. A token, a cursor and a query, each as long as it may be, have room.
MAX_HEAD: Final = 64 * 1024

# Seconds for the whole head to come: who sends a byte now and then would hold a connection for ever.
HEAD_TIMEOUT: Final = 20.0

TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n"
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: 27\r\n\r\nmore than 64 KiB of headers"
)


class HttpProtocol(HttpToolsProtocol):
    """At shutdown it also ends the event streams: uvicorn would wait for them to end by themselves.

    A client that does not read its answer to the end is cut off, as over a WebSocket.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        tune(transport)
        # Bytes that came since the last that made any progress.
        self._idle = 0
        self._patience: asyncio.TimerHandle | None = None
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._idle += len(data)
        super().data_received(data)
        if self._idle > MAX_HEAD and not self.transport.is_closing():
            self.transport.write(TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        # ASGI has no way to cut a connection off whose client reads nothing.
        self.scope["state"][CUT_OFF] = self.transport.abort
        self._expect_head()

    def on_headers_complete(self) -> None:
        self._idle = 0
        self._stop_waiting()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._idle = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._idle = 0
        super().on_message_complete()

    def shutdown(self) -> None:
        gateway = self.app_state.get(GATEWAY)
        if gateway is not None:
            gateway.close_connections()
        super().shutdown()
        # Else uvicorn would cancel the request, which it reports as a failure of the application.
        self.loop.call_later(CLOSE_TIMEOUT, self.transport.abort)

    def _expect_head(self) -> None:
        if self._patience is None:
            self._patience = self.loop.call_later(HEAD_TIMEOUT, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
