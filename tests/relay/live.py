"""A gateway on a real Redis, the producers that write there, and what stands between the two when a test wants it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import redis

from tailrace.wire import Answer, Keys
from tailrace_relay.gateway import Gateway
from tailrace_relay.selection import Selection, Start
from tailrace_relay.session import Session
from tailrace_relay.settings import Settings
from tests.agent.wire.producing import Producer, Stream
from tests.relay.told import MemoryOutbox
from tests.servers import HOST, Server, wait_for_async

# Seconds; nobody waits longer than it takes.
TIMEOUT = 30.0

# Takes what PUBLISH takes, and delivers to nobody who used SUBSCRIBE: a message that is lost.
LOST = "SPUBLISH"


@dataclass
class Log:
    """One stream with one producer, whose record's message is its own seq."""

    client: redis.Redis
    keys: Keys
    name: str = "api"
    producer: Producer = field(init=False)
    seq: int = 0

    def __post_init__(self) -> None:
        self.stream = Stream(self.client, self.keys, self.name)
        self.producer = Producer(self.stream, self.client)

    def append(self, count: int = 1, **options: Any) -> Answer:
        """Append a frame as an agent does, which names the stream in the list of streams first."""
        self.client.zadd(self.keys.streams, {self.name: self.stream.now()})
        shed = options.get("shed", 0)
        answer = self.producer.append(self.seq + shed + 1, count, **options)
        self.seq += shed + count
        return answer


@asynccontextmanager
async def gateway_on(url: str, prefix: str, **settings: Any) -> AsyncIterator[Gateway]:
    gateway = Gateway(Settings(url=url, prefix=prefix, **settings))
    await gateway.start()
    try:
        yield gateway
    finally:
        await gateway.stop()


async def ready(gateway: Gateway) -> None:
    await wait_for_async(lambda: gateway.ready, TIMEOUT, "the gateway to be ready")


class Client:
    """A subscription of a gateway, read as it comes."""

    def __init__(self, outbox: MemoryOutbox, session: Session) -> None:
        self.outbox = outbox
        self.session = session
        self.messages: list[dict[str, Any]] = []

    def read(self) -> list[dict[str, Any]]:
        self.messages += self.outbox.read()
        return self.messages

    def records(self, stream: str = "api") -> list[str]:
        """Messages of the records of a stream so far."""
        batches = [m["records"] for m in self.read() if m["type"] == "records" and m["stream"] == stream]
        return [record["message"] for batch in batches for record in batch]

    def gaps(self) -> list[str]:
        return [message["reason"] for message in self.read() if message["type"] == "gap"]

    def cursor(self) -> str:
        return str([message["cursor"] for message in self.read() if "cursor" in message][-1])

    async def live(self) -> Client:
        await wait_for_async(lambda: self.session.live, TIMEOUT, "the client to be live")
        return self

    async def has(self, expected: list[int], stream: str = "api") -> None:
        """Waits for as many records, and wants exactly these."""
        names = [str(number) for number in expected]
        await wait_for_async(lambda: len(self.records(stream)) >= len(names), TIMEOUT, f"{len(names)} records")
        assert self.records(stream) == names


async def subscribe(
    gateway: Gateway, streams: str = "api", *, after: str = "", tail: str = "", level: str = ""
) -> Client:
    selection = Selection.parse(streams, level)
    outbox = MemoryOutbox()
    session = await gateway.catch_up.open(selection, Start.parse(selection, after, tail), outbox)
    return Client(outbox, session)


class Proxy:
    """Between a gateway and its Redis; when it is deaf, nothing comes back on connections that have subscribed."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._tasks: set[asyncio.Task[None]] = set()
        self.deaf = False
        self.url = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Proxy]:
        listener = await asyncio.start_server(self._serve, HOST, 0)
        self.url = f"redis://{HOST}:{listener.sockets[0].getsockname()[1]}/0"
        try:
            yield self
        finally:
            listener.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await listener.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        theirs, ours = await asyncio.open_connection(HOST, self._server.port)
        subscribed = False

        async def forth() -> None:
            nonlocal subscribed
            while data := await reader.read(65_536):
                subscribed = subscribed or b"SUBSCRIBE" in data
                ours.write(data)
            ours.close()

        async def back() -> None:
            while data := await theirs.read(65_536):
                if not (subscribed and self.deaf):
                    writer.write(data)
            writer.close()

        with suppress(OSError):
            try:
                await asyncio.gather(forth(), back())
            finally:
                ours.close()
                writer.close()
