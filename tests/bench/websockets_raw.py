"""As much of WebSocket as cheap clients need: a handshake out, the server's frames in."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from tests.servers import HOST

__all__ = ["connect", "handshake", "messages"]


def handshake(path: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", f"Host: {HOST}", "Upgrade: websocket", "Connection: Upgrade"]
    lines += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13", "", ""]
    return "\r\n".join(lines).encode()


def connect(port: int, path: str) -> socket.socket:
    """A blocking socket whose handshake is sent and not yet answered."""
    connection = socket.create_connection((HOST, port), timeout=60)
    connection.sendall(handshake(path))
    return connection


def messages(buffer: bytearray) -> Iterator[bytes]:
    """The whole messages in the buffer, which keeps what is incomplete. The servers here send no fragments."""
    while len(buffer) >= 2:
        start, size = 2, buffer[1] & 0x7F
        if size == 126:
            start, size = 4, int.from_bytes(buffer[2:4])
        elif size == 127:
            start, size = 10, int.from_bytes(buffer[2:10])
        if len(buffer) < start + size:
            return
        message = bytes(buffer[start : start + size])
        del buffer[: start + size]
        yield message
