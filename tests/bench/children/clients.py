"""Many WebSocket clients in one process, cheap enough not to be what is measured.

Most only count bytes. A few also read the messages: how many records, and how old each one was when it came. All
clients get the same bytes, so records per byte, learnt from the few, tells what the many got.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, cast

import msgspec
import uvloop

from tests.bench.children.talking import arguments, say
from tests.bench.websockets_raw import handshake, messages
from tests.servers import HOST

# Connections that are opened at once.
AT_ONCE = 100

# One for all connections: what comes is looked at before the next read.
BUFFER = bytearray(256 << 10)


class Stamped(msgspec.Struct):
    time: datetime


class Incoming(msgspec.Struct):
    """A message of the gateway, or one record as the plain relay sends it."""

    type: str = ""
    records: list[Stamped] = []  # msgspec copies it
    time: datetime | None = None


_decode = msgspec.json.Decoder(Incoming).decode


class Counting(asyncio.BufferedProtocol):
    """Counts bytes, from the end of the handshake on."""

    def __init__(self, path: str, awaited: bytes) -> None:
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.bytes = 0
        self._path = path
        self._awaited = awaited
        self._head = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).write(handshake(self._path))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(f"lost amid the greeting: {bytes(self._head)[-300:]!r}"))

    def get_buffer(self, sizehint: int) -> bytearray:
        return BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        if self.ready.done():
            self.bytes += nbytes
            self.count(nbytes)
        else:
            self._head += BUFFER[:nbytes]
            if self._awaited in self._head:
                self.ready.set_result(None)

    def count(self, nbytes: int) -> None:
        """Nothing more."""


class Reading(Counting):
    """Also reads the messages."""

    def __init__(self, path: str, awaited: bytes) -> None:
        super().__init__(path, awaited)
        self.records = 0
        self.ages: list[float] = []
        self._unread = bytearray()

    def count(self, nbytes: int) -> None:
        now = time.time()
        self._unread += BUFFER[:nbytes]
        for message in messages(self._unread):
            incoming = _decode(message)
            times = [record.time for record in incoming.records]
            if incoming.time is not None and not incoming.type:
                times.append(incoming.time)
            self.records += len(times)
            self.ages += [now - when.timestamp() for when in times]


class Crowd:
    """All clients of this process."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._counting: list[Counting] = []
        self._reading: list[Reading] = []

    async def connect(self, path: str, awaited: str, count: int, reading: int) -> dict[str, int]:
        for i in range(0, count, AT_ONCE):
            kinds = [Reading if k < reading else Counting for k in range(i, min(i + AT_ONCE, count))]
            await asyncio.gather(*(self._open(kind(path, awaited.encode())) for kind in kinds))
        return {"connected": len(self._counting)}

    async def _open(self, client: Counting) -> None:
        await asyncio.get_running_loop().create_connection(lambda: client, HOST, self._port)
        await client.ready
        self._counting.append(client)
        if isinstance(client, Reading):
            self._reading.append(client)

    async def report(self) -> dict[str, Any]:
        """What came since the last report."""
        read, records = sum(client.bytes for client in self._reading), sum(client.records for client in self._reading)
        received = sum(client.bytes for client in self._counting)
        ages = sorted(age for client in self._reading for age in client.ages)
        for client in self._counting:
            client.bytes = 0
        for reader in self._reading:
            reader.records, reader.ages = 0, []
        return {
            "bytes": received,
            "deliveries": received * records / read if read else 0.0,
            "p50": quantile(ages, 0.50),
            "p99": quantile(ages, 0.99),
        }


def quantile(ordered: list[float], share: float) -> float:
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


async def main() -> None:
    crowd = Crowd(arguments()["port"])
    verbs: dict[str, Callable[..., Awaitable[Any]]] = {"connect": crowd.connect, "report": crowd.report}
    questions = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(questions), sys.stdin)
    while line := await questions.readline():
        question = json.loads(line)
        say(await verbs[question.pop("do")](**question))


if __name__ == "__main__":
    uvloop.run(main())
