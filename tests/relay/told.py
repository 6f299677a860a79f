"""Clients of sessions: an outbox in memory, and what its reader has been told."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tailrace.wire import StreamID
from tailrace_relay.cursor import Cursor
from tailrace_relay.outbox import Message
from tailrace_relay.position import Position


class MemoryOutbox:
    """Takes messages until it is full; a reader takes them out."""

    def __init__(self, *, high: int = 1 << 20, limit: int = 4 << 20) -> None:
        self.waiting: list[Message] = []
        self.unsent = 0
        self.progress = 0
        self.closed = False
        self.ended: tuple[int, str] | None = None
        self._high = high
        self._limit = limit
        self._room = asyncio.Event()

    @property
    def behind(self) -> bool:
        return self.unsent > self._high

    def write(self, message: Message) -> bool:
        if self.closed or self.unsent > self._limit:
            return False
        self.waiting.append(message)
        self.unsent += len(message.text)
        return True

    async def drained(self) -> None:
        while self.behind and not self.closed:
            self._room.clear()
            await self._room.wait()

    def close(self, code: int, reason: str) -> None:
        self.closed = True
        self.ended = self.ended or (code, reason)
        self._room.set()

    def abort(self) -> None:
        self.close(1006, "")

    def read(self, count: int | None = None) -> list[dict[str, Any]]:
        """What a client reads: so many messages, or all there are."""
        taken, self.waiting = self.waiting[:count], self.waiting[len(self.waiting) if count is None else count :]
        size = sum(len(message.text) for message in taken)
        self.unsent -= size
        self.progress += size
        self._room.set()
        return [json.loads(message.text) for message in taken]


class Told:
    """What one client knows of one stream. Refuses a record twice, out of order, or missing without a gap.

    Args:
        n: the last number it has; None when the first record or gap tells.
        filtered: whether its query passes over records, so that a hole is no loss.
    """

    def __init__(self, n: int | None, *, filtered: bool = False) -> None:
        self.n = n
        self.start = n or 0
        self.records: dict[int, str] = {}
        self.declared: set[int] = set()
        self.gaps: list[str] = []
        self.statuses: list[str] = []
        self.cursor = ""
        self.position: Position | None = None
        self._filtered = filtered

    def take(self, messages: list[dict[str, Any]]) -> None:
        for message in messages:
            kind = message["type"]
            if kind == "records":
                for record in message["records"]:
                    self._record(record)
            elif kind == "gap":
                self._gap(message)
            elif kind == "status":
                self.statuses.append(message["state"])
            else:
                assert kind in ("hello", "heartbeat"), message
            self._cursor(message["cursor"])

    def _record(self, record: dict[str, Any]) -> None:
        n = StreamID.parse(record["id"]).n
        if self.n is not None:
            assert n > self.n if self._filtered else n == self.n + 1, (n, self.n)
        self.records[n] = record["message"]
        self.n = n

    def _gap(self, gap: dict[str, Any]) -> None:
        self.gaps.append(gap["reason"])
        if gap["reason"] == "epoch":
            self.n, self.start, self.records, self.declared = 0, 0, {}, set()
            return
        after = StreamID.parse(gap["after"]).n
        if gap["reason"] == "fork":
            self.n, self.start = after, min(after, self.start)
            self.declared = {n for n in self.declared if n <= after}
            self.records = {n: name for n, name in self.records.items() if n <= after}
            return
        before = StreamID.parse(gap["before"]).n
        if self.n is not None:
            assert after >= self.n if self._filtered else after == self.n
        assert gap["count"] == before - after - 1
        self.declared |= set(range(after + 1, before))
        self.n = before - 1

    def _cursor(self, text: str) -> None:
        self.cursor = text
        single = Cursor.parse(text).single
        self.position = single
        if single is not None and self.n is not None:
            # The cursor never stands before what was delivered, and without a filter not behind it either.
            assert single.id.n >= self.n if self._filtered else single.id.n == self.n
            self.n = single.id.n
