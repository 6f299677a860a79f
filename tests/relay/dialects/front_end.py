"""A front end as they are: it opens a WebSocket, parses each message as JSON, and knows no more than its shape."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, TypeAlias

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

# Seconds; nobody waits longer than it takes.
TIMEOUT = 20.0


class Messages:
    """What a front end was sent, one after the other."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def next(self) -> Any:
        """The next message."""
        async with asyncio.timeout(TIMEOUT):
            return json.loads(await self.connection.recv())

    async def until(self, wanted: Callable[[Any], bool]) -> list[Any]:
        """All messages up to the one that is wanted."""
        found = [await self.next()]
        while not wanted(found[-1]):
            found.append(await self.next())
        return found

    async def take(self, count: int) -> list[Any]:
        return [await self.next() for _ in range(count)]

    async def closed(self) -> tuple[int, str]:
        """The close code and reason, behind whatever still comes."""
        async with asyncio.timeout(TIMEOUT):
            with suppress(ConnectionClosed):
                while True:
                    await self.connection.recv()
        assert self.connection.close_code is not None
        return self.connection.close_code, self.connection.close_reason or ""


FrontEnd: TypeAlias = AbstractAsyncContextManager[Messages]


@asynccontextmanager
async def front_end(url: str, **options: Any) -> AsyncIterator[Messages]:
    async with connect(url, compression=None, max_size=None, close_timeout=1, proxy=None, **options) as connection:
        yield Messages(connection)
