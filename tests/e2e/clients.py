"""Clients as a plain front end would be: they keep the newest cursor, and come again with it at the next gateway.

Each writes down its messages exactly as it was given them.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO
from urllib.parse import urlencode

import httpx
import msgspec
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from tests.e2e.checker import Expectation, read_cursor
from tests.e2e.events import EventParser
from tests.e2e.numbered import Number, level_of

__all__ = ["Client", "EventClient", "Query", "WebSocketClient"]

KIB = 1024

# Seconds. A gateway says something every 5 s; a silent one is left.
SILENCE = 20.0
CONNECT_TIMEOUT = 10.0
SHORTEST_BACKOFF = 0.02
LONGEST_BACKOFF = 0.5

# Few bytes, and in segments as networks have them: the kernels take less for a client that does not read, and it is
# soon behind.
SOCKET_OPTIONS = (
    (socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * KIB),
    (socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400),
)

# Close codes from here on say: do not come again.
TERMINAL_CODES = range(3500, 5000)

_LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}


class _Head(msgspec.Struct):
    """What a client must understand of every message."""

    type: str
    cursor: str | None = None
    code: str | None = None
    message: str | None = None


_read_head = msgspec.json.Decoder(_Head).decode


@dataclass(frozen=True, slots=True)
class Query:
    """What a client asks for."""

    streams: str
    after: str | None = None
    tail: int | None = None
    level: str | None = None

    def parameters(self, cursor: str | None) -> dict[str, str]:
        """As the address has them; with a cursor the beginning does not matter any more."""
        given: dict[str, str | int | None] = {"streams": self.streams, "level": self.level}
        given |= {"after": cursor} if cursor else {"after": self.after, "tail": self.tail}
        return {name: str(value) for name, value in given.items() if value}

    def expectation(self) -> Expectation:
        """What the checker may expect then."""
        level = _LEVELS.get(self.level or "", 0)

        def wants(number: Number) -> bool:
            return level_of(number.number) >= level

        return Expectation(
            streams=tuple(self.streams.split(",")),
            from_first=self.after == "0-0",
            tail=self.tail or 0,
            wants=wants if level else None,
        )


class Refused(Exception):
    """The gateway says not to come again like this."""


class Lost(Exception):
    """The connection is gone."""


class Client:
    """Follows streams at any of some gateways until it is stopped. `async with` runs it.

    Attributes:
        name: names the client in the verdict.
        log: a file with one message a line.
        cursor: the newest that it was given.
        connections, losses: how often it was greeted, and how often a connection ended.
        joins: how often it had caught up and was live.
        refused: why it does not come again; empty as long as it does.
        last_close: the close code and reason of the last connection that ended; (0, "") without one.
    """

    def __init__(self, name: str, gateways: Sequence[str], query: Query, directory: Path) -> None:
        self.name = name
        self.query = query
        self.gateways = list(gateways)
        self.log = directory / f"{name}.jsonl"
        self.cursor: str | None = None
        self.messages = 0
        self.connections = 0
        self.losses = 0
        self.joins = 0
        self.refused = ""
        self.last_close = (0, "")
        self._reading = asyncio.Event()
        self._reading.set()
        self._file: BinaryIO | None = None
        self._task: asyncio.Task[None] | None = None
        self._backoff = SHORTEST_BACKOFF

    async def __aenter__(self) -> Client:
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def start(self) -> None:
        """Connect, also again after `stop`: then with the cursor that it has."""
        self._file = self.log.open("ab")
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Let go of the connection."""
        task, self._task = self._task, None
        try:
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
                if not task.cancelled():
                    task.result()  # an error in the client itself is the test's
        finally:
            if self._file is not None:
                self._file.close()
                self._file = None

    def pause(self) -> None:
        """Read nothing from the socket any more, which stays open."""
        self._reading.clear()

    def resume(self) -> None:
        self._reading.set()

    def flush(self) -> None:
        """Have everything that it was given in its log."""
        if self._file is not None:
            self._file.flush()

    def read_log(self) -> Iterator[dict[str, Any]]:
        """The messages so far, in order."""
        self.flush()
        with self.log.open("rb") as lines:
            for line in lines:
                yield msgspec.json.decode(line)

    def of_type(self, type: str) -> list[dict[str, Any]]:
        return [message for message in self.read_log() if message["type"] == type]

    def reached(self, stream: str) -> int:
        """The number of the last record that it knows of, in this stream."""
        return read_cursor(self.cursor, self.query.streams).get(stream, 0) if self.cursor else 0

    def evidence(self) -> tuple[Expectation, Iterator[dict[str, Any]]]:
        """For the checker."""
        return self.query.expectation(), self.read_log()

    async def _run(self) -> None:
        turn = 0
        while not self.refused:
            try:
                await self._follow_once(self.gateways[turn % len(self.gateways)])
            except Refused as error:
                self.refused = str(error)
            except (Lost, OSError, TimeoutError):
                pass
            self.losses += 1
            turn += 1
            await asyncio.sleep(random.uniform(0, self._backoff))
            self._backoff = min(self._backoff * 2, LONGEST_BACKOFF)

    async def _follow_once(self, gateway: str) -> None:
        async with contextlib.aclosing(self._follow(gateway)) as messages:
            async for message, cursor in messages:
                self._take(message, cursor)
                if not self._reading.is_set():
                    await self._reading.wait()

    def _follow(self, gateway: str) -> AsyncGenerator[tuple[bytes, str | None]]:
        """The messages of one connection, each with the cursor that came with it."""
        raise NotImplementedError

    def _take(self, message: bytes, cursor: str | None) -> None:
        head = _read_head(message)
        assert self._file is not None
        assert b"\n" not in message, "a message takes one line of the log"
        self._file.write(message + b"\n")
        self.messages += 1
        self.connections += head.type == "hello"
        self.joins += head.type == "status"
        self.cursor = cursor or self.cursor
        self._backoff = SHORTEST_BACKOFF


class WebSocketClient(Client):
    """Over WebSocket."""

    async def _follow(self, gateway: str) -> AsyncGenerator[tuple[bytes, str | None]]:
        address = gateway.replace("http", "ws", 1) + "/api/live?" + urlencode(self.query.parameters(self.cursor))
        try:
            # Two messages at most are read ahead; the rest stays in the socket.
            connection = await connect(
                address,
                sock=await _connected_socket(gateway),
                compression=None,
                max_size=None,
                max_queue=2,
                ping_interval=None,
                open_timeout=CONNECT_TIMEOUT,
                close_timeout=1,
                proxy=None,
            )
            try:
                while True:
                    async with asyncio.timeout(SILENCE):
                        message = await connection.recv(decode=False)
                    yield message, _read_head(message).cursor
            finally:
                try:
                    await connection.close()
                finally:
                    connection.transport.abort()  # where the goodbye itself was cut short
        except ConnectionClosed as closed:
            received = closed.rcvd
            self.last_close = (received.code, received.reason) if received else (1006, "")
            if self.last_close[0] in TERMINAL_CODES:
                raise Refused(f"{self.last_close[0]} {self.last_close[1]}") from closed
            raise Lost from closed
        except (InvalidHandshake, InvalidMessage, EOFError) as error:
            raise Lost from error


class EventClient(Client):
    """Over server-sent events."""

    async def _follow(self, gateway: str) -> AsyncGenerator[tuple[bytes, str | None]]:
        headers = {"Last-Event-ID": self.cursor} if self.cursor else {}
        parser = EventParser()
        try:
            async with (
                httpx.AsyncClient(
                    transport=httpx.AsyncHTTPTransport(verify=False, socket_options=SOCKET_OPTIONS),
                    timeout=httpx.Timeout(CONNECT_TIMEOUT, read=SILENCE),
                ) as client,
                client.stream(
                    "GET", f"{gateway}/api/live/events", params=self.query.parameters(None), headers=headers
                ) as answer,
            ):
                await self._check(answer)
                async for data in answer.aiter_raw():
                    for event in parser.feed(data):
                        # As a browser does it: what counts is the event's ID, not what is in its data.
                        yield event.data, event.id
        except httpx.TransportError as error:
            raise Lost from error
        raise Lost

    async def _check(self, answer: httpx.Response) -> None:
        if answer.status_code < 300:
            return
        text = (await answer.aread()).decode()
        self.last_close = (answer.status_code, text)
        raise Refused(f"{answer.status_code} {text}") if answer.status_code < 500 else Lost


async def _connected_socket(gateway: str) -> socket.socket:
    address = httpx.URL(gateway)
    connection = socket.socket()
    try:
        connection.setblocking(False)
        for option in SOCKET_OPTIONS:  # before connecting, which is when both sides agree on them
            connection.setsockopt(*option)
        await asyncio.get_running_loop().sock_connect(connection, (address.host, address.port))
    except BaseException:
        connection.close()
        raise
    return connection
