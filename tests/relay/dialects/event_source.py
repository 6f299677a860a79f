"""A browser's EventSource: it reads messages without a name, and comes again with the last ID that it was given."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tests.e2e.events import EventParser

# Seconds; nobody waits longer than it takes.
TIMEOUT = 20.0


class EventSource:
    """One page's; `connected` is one connection of it, `last_id` what the next begins with."""

    def __init__(self, url: str, last_id: str = "") -> None:
        self.url = url
        self.last_id = last_id
        self.raw = b""
        self._parts: AsyncIterator[bytes] | None = None
        self._messages: list[tuple[str, Any]] = []
        self._parser = EventParser()

    @asynccontextmanager
    async def connected(self, **parameters: str) -> AsyncIterator[EventSource]:
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": self.last_id} if self.last_id else {})
        self._parser, self._messages = EventParser(), []
        async with (
            httpx.AsyncClient(timeout=TIMEOUT) as client,
            client.stream("GET", self.url, params=parameters, headers=headers) as answer,
        ):
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            self._parts = answer.aiter_raw()
            yield self

    async def next(self) -> Any:
        """The data of the next message, as `onmessage` has it: of events with a name it hears nothing."""
        async with asyncio.timeout(TIMEOUT):
            while not self._messages:
                await self._read()
        self.last_id, data = self._messages.pop(0)
        return data

    async def take(self, count: int) -> list[Any]:
        return [await self.next() for _ in range(count)]

    async def until_raw(self, wanted: bytes) -> None:
        async with asyncio.timeout(TIMEOUT):
            while wanted not in self.raw:
                await self._read()

    async def _read(self) -> None:
        assert self._parts is not None
        part = await anext(self._parts)
        self.raw += part
        for event in self._parser.feed(part):
            if event.type == "message":
                self._messages.append((event.id or self.last_id, json.loads(event.data)))
