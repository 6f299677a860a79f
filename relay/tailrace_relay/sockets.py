"""What the gateway asks of a client's TCP socket."""

from __future__ import annotations

import contextlib
import socket
from asyncio import BaseTransport
from typing import Final

__all__ = ["tune"]

# The kernel takes no more than this beyond what the peer's window admits, so that unsent bytes show a slow client.
NOT_SENT_LOW_WATER: Final = 128 * 1024

# Milliseconds after which a peer that acknowledges nothing is dead; where Linux' option is missing keep-alive finds it.
USER_TIMEOUT: Final = 60_000

OPTIONS: Final = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)] + [
    (socket.IPPROTO_TCP, getattr(socket, name), value)
    for name, value in (("TCP_NOTSENT_LOWAT", NOT_SENT_LOW_WATER), ("TCP_USER_TIMEOUT", USER_TIMEOUT))
    if hasattr(socket, name)
]


def tune(transport: BaseTransport) -> None:
    """Set what the platform has: a slow client is to be seen, a dead one to be found."""
    connection = transport.get_extra_info("socket")
    for level, option, value in OPTIONS:
        # Not every socket is a TCP socket, and none of these is needed to serve.
        with contextlib.suppress(OSError):
            connection.setsockopt(level, option, value)
