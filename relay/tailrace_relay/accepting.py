"""Accepting a WebSocket that came through the door."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from tailrace_relay.auth.credentials import acceptance
from tailrace_relay.outbox import Outbox, PreparedOutbox, QueuedOutbox
from tailrace_relay.websocket_protocol import CONNECTION

__all__ = ["Receive", "Scope", "Send", "accept"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


async def accept(scope: Scope, receive: Receive, send: Send) -> tuple[Outbox, asyncio.Task[None] | None]:
    """The outbox of a connection, and what must be awaited at its end. Nothing is left of the scope."""
    await receive()
    await send(acceptance(scope))
    prepared = scope.get("state", {}).get(CONNECTION)
    if prepared is not None:
        # Whoever called us holds the scope for as long as the connection lives: empty, it is 2 KiB less.
        scope.clear()
    outbox = QueuedOutbox(send) if prepared is None else PreparedOutbox(prepared)
    writer = asyncio.create_task(outbox.run()) if isinstance(outbox, QueuedOutbox) else None
    return outbox, writer
