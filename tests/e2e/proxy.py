"""A TCP proxy before a Redis that can let pub/sub starve while commands go on."""

from __future__ import annotations

import asyncio
from types import TracebackType

from tests.servers import HOST

__all__ = ["RedisProxy"]

CHUNK = 64 * 1024


class RedisProxy:
    """Passes bytes on; while pub/sub is stalled, none to a connection that has subscribed."""

    def __init__(self, redis_port: int) -> None:
        self._redis_port = redis_port
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        assert self._server is not None, "the proxy does not run"
        return f"redis://{HOST}:{self._server.sockets[0].getsockname()[1]}/0"

    async def __aenter__(self) -> RedisProxy:
        self._server = await asyncio.start_server(self._serve, HOST, 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def stall_pubsub(self) -> None:
        self._flowing.clear()

    def release_pubsub(self) -> None:
        self._flowing.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._pass_on(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # either side went away, or the test is over
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        redis_reader, redis_writer = await asyncio.open_connection(HOST, self._redis_port)
        subscribed = asyncio.Event()

        async def to_redis() -> None:
            while data := await reader.read(CHUNK):
                if b"SUBSCRIBE" in data:
                    subscribed.set()
                redis_writer.write(data)
                await redis_writer.drain()

        async def to_client() -> None:
            while data := await redis_reader.read(CHUNK):
                if subscribed.is_set():
                    await self._flowing.wait()
                writer.write(data)
                await writer.drain()

        ways = [asyncio.create_task(to_redis()), asyncio.create_task(to_client())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            redis_writer.close()
