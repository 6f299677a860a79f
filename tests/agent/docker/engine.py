"""A Docker Engine for tests: speaks the documented API over a Unix socket, and does what engines do when they fail.

Its containers print what a test has them print. Logs are kept as the engine's json-file driver keeps them: in messages
of at most 16 KiB, each with its time.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

SECOND = 1_000_000_000
PIECE = 16 << 10
STREAMS = {"stdout": 1, "stderr": 2, "engine": 3}

# Seconds after which a thread that waits looks whether it should end. What it waits for wakes it at once.
NAP = 0.5


def rfc3339(nanoseconds: int) -> str:
    """As engines write a time: always nine digits."""
    seconds, rest = divmod(nanoseconds, SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


class Entry(NamedTuple):
    time: int
    source: str
    text: bytes


@dataclass
class FakeContainer:
    """A container. Make one with `FakeEngine.run`."""

    engine: FakeEngine
    id: str
    name: str
    image: str
    tty: bool
    labels: dict[str, str]
    status: str = "created"
    health: str = ""
    driver: str = "json-file"
    started: int = 0
    finished: int = 0
    log: list[Entry] = field(default_factory=list)
    removed: bool = False

    def print(self, text: str | bytes, source: str = "stdout", *, at: int | None = None) -> None:
        """Write to one of its outputs, which the engine records line by line.

        Args:
            at: ns since 1970; else now.
        """
        data = text.encode() if isinstance(text, str) else text
        source = "stdout" if self.tty else source
        with self.engine.changed:
            for line in _split(data):
                now = time.time_ns() if at is None else at
                self.log += [Entry(now, source, line[n : n + PIECE]) for n in range(0, len(line), PIECE)]
            self.engine.changed.notify_all()

    def start(self) -> None:
        self._become("running", "start")

    def stop(self) -> None:
        """It ends; its log stays."""
        self._become("exited", "die", "stop")

    def pause(self) -> None:
        self._become("paused", "pause")

    def become(self, health: str) -> None:
        """Its health check has another result."""
        with self.engine.changed:
            self.health = health
        self.engine.tell(self, f"health_status: {health}")

    def rename(self, name: str) -> None:
        with self.engine.changed:
            self.name = name
        self.engine.tell(self, "rename")

    def remove(self) -> None:
        """It and its log are gone; who reads the log reads it to its end."""
        if self.status == "running":
            self.stop()
        with self.engine.changed:
            del self.engine.containers[self.id]
            self.removed = True
            self.engine.changed.notify_all()
        self.engine.tell(self, "destroy")

    def _become(self, status: str, *actions: str) -> None:
        with self.engine.changed:
            if status == "running":
                self.started = time.time_ns()
            if status == "exited":
                self.finished = time.time_ns()
            self.status = status
            self.engine.changed.notify_all()
        for action in actions:
            self.engine.tell(self, action)

    def inspected(self) -> dict[str, Any]:
        state: dict[str, Any] = {
            "Status": self.status,
            "Running": self.status in ("running", "paused"),
            "Pid": 4321 if self.status == "running" else 0,
            "StartedAt": rfc3339(self.started) if self.started else "0001-01-01T00:00:00Z",
            "FinishedAt": rfc3339(self.finished) if self.finished else "0001-01-01T00:00:00Z",
        }
        if self.health:
            state["Health"] = {"Status": self.health, "FailingStreak": 0, "Log": []}
        return {
            "Id": self.id,
            "Name": f"/{self.name}",
            "Path": "/usr/bin/app",
            "Args": ["--secret"],
            "State": state,
            "Image": f"sha256:{hashlib.sha256(self.image.encode()).hexdigest()}",
            "Config": {"Image": self.image, "Tty": self.tty, "Labels": self.labels},
            "HostConfig": {"LogConfig": {"Type": self.driver}},
        }

    def listed(self) -> dict[str, Any]:
        return {
            "Id": self.id,
            "Names": [f"/{self.name}"],
            "Image": self.image,
            "Labels": self.labels,
            "State": self.status,
            "Status": "Up 3 minutes",
        }


class Fault(NamedTuple):
    """What goes wrong with a request whose path contains a word.

    Attributes:
        status: what is answered in place of what was asked for; 0 for nothing.
        cut_after: bytes of the body after which the connection is closed.
    """

    path: str
    status: int = 0
    message: str = ""
    cut_after: int | None = None


class Cut(Exception):
    """The connection is closed here, in the middle of what was to be said."""


class FakeEngine:
    """The engine.

    Attributes:
        seeking: as from version 23 on, `since` only finds the first message; before, every older one was left out.
        version, oldest: of its API.
        requests: the targets that were asked for.
        faults: what goes wrong with the next requests, each once.
        before_listening: called when events were promised and are not listened to yet.
    """

    def __init__(self, path: Path, *, seeking: bool = True) -> None:
        self.path = path
        self.seeking = seeking
        self.version, self.oldest = "1.47", "1.24"
        self.changed = threading.Condition()
        self.containers: dict[str, FakeContainer] = {}
        self.requests: list[str] = []
        self.faults: list[Fault] = []
        self.before_listening: Callable[[], object] = lambda: None
        self._events: list[dict[str, Any]] = []
        self._listener: socket.socket | None = None
        self._connections: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to answer. What happened before is forgotten, as by a daemon that was restarted."""
        with suppress(FileNotFoundError):
            self.path.unlink()
        self._events.clear()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(self.path))
        listener.listen(64)
        self._listener = listener
        self._spawn(self._accept, listener)

    def stop(self) -> None:
        """The engine goes away; its containers stay as they are, as with live restore."""
        listener, self._listener = self._listener, None
        if listener is not None:
            # Who is in `accept` is only woken by this.
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.cut_all()
        for thread in self._threads:
            thread.join(10)
        self._threads.clear()

    def restart(self) -> None:
        self.stop()
        self.start()

    def cut_all(self) -> None:
        """Close all connections, wherever they are."""
        with self.changed:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self.changed.notify_all()

    def create(
        self, name: str, *, tty: bool = False, labels: dict[str, str] | None = None, image: str = "app:1"
    ) -> FakeContainer:
        """A container that does not run yet."""
        container = FakeContainer(self, os.urandom(32).hex(), name, image, tty, labels or {})
        with self.changed:
            self.containers[container.id] = container
        self.tell(container, "create")
        return container

    def run(self, name: str, **settings: Any) -> FakeContainer:
        """A container that runs."""
        container = self.create(name, **settings)
        container.start()
        return container

    def tell(self, container: FakeContainer, action: str) -> None:
        """Something has happened to a container."""
        now = time.time_ns()
        attributes = {"image": container.image, "name": container.name, **container.labels}
        event = {
            "status": action,
            "id": container.id,
            "Type": "container",
            "Action": action,
            "Actor": {"ID": container.id, "Attributes": attributes},
            "scope": "local",
            "time": now // SECOND,
            "timeNano": now,
        }
        with self.changed:
            self._events.append(event)
            self.changed.notify_all()

    def asked(self, word: str) -> list[str]:
        """The requests whose target has this word."""
        return [target for target in self.requests if word in target]

    # Connections.

    def _spawn(self, work: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self._spawn(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with self.changed:
            self._connections.add(connection)
        try:
            with suppress(OSError, Cut):
                target = _read_target(connection)
                self.requests.append(target)
                self._answer(connection, target)
        finally:
            with self.changed:
                self._connections.discard(connection)
            connection.close()

    def _answer(self, connection: socket.socket, target: str) -> None:
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        fault = next((each for each in self.faults if each.path in target), None)
        if fault is not None:
            self.faults.remove(fault)
            if fault.status:
                return _say(connection, fault.status, {"message": fault.message})
        writer = _Writer(connection, fault.cut_after if fault else None)
        versioned = re.fullmatch(r"/v(\d+)\.(\d+)(/.*)", parts.path)
        path = versioned[3] if versioned else parts.path
        if versioned and (refusal := self._version_refusal(int(versioned[1]), int(versioned[2]))):
            return _say(connection, 400, {"message": refusal})
        return self._route(connection, writer, path, query)

    def _version_refusal(self, *asked: int) -> str:
        version = ".".join(map(str, asked))
        if asked > tuple(map(int, self.version.split("."))):
            return f"client version {version} is too new. Maximum supported API version is {self.version}"
        if asked < tuple(map(int, self.oldest.split("."))):
            return (
                f"client version {version} is too old. Minimum supported API version is {self.oldest}, "
                "please upgrade your client to a newer version"
            )
        return ""

    def _route(self, connection: socket.socket, writer: _Writer, path: str, query: dict[str, str]) -> None:
        if path == "/version":
            return _say(connection, 200, {"ApiVersion": self.version, "MinAPIVersion": self.oldest})
        if path == "/events":
            return self._tell_events(writer, query)
        if path == "/containers/json":
            with self.changed:
                found = [
                    each.listed() for each in self.containers.values() if query.get("all") or each.status != "exited"
                ]
            return _say(connection, 200, found)
        matched = re.fullmatch(r"/containers/([^/]+)/(json|logs)", path)
        container = self.containers.get(matched[1]) if matched else None
        if matched is None or container is None:
            what = f"No such container: {matched[1]}" if matched else "page not found"
            return _say(connection, 404, {"message": what})
        if matched[2] == "json":
            return _say(connection, 200, container.inspected())
        if container.driver == "none":
            return _say(connection, 501, {"message": "configured logging driver does not support reading"})
        return self._tell_log(connection, writer, container, query)

    def _tell_events(self, writer: _Writer, query: dict[str, str]) -> None:
        wanted = json.loads(query.get("filters", "{}")).get("event")
        since = _time_of(query.get("since"))
        writer.head("application/json")
        self.before_listening()
        with self.changed:
            told = 0 if since else len(self._events)
        while True:
            with self.changed:
                new = self._events[told:]
                if not new and not self._wait(writer):
                    return
            told += len(new)
            for event in new:
                # As in the engine, `health_status` stands for all of its kinds.
                if event["timeNano"] >= since and (not wanted or event["Action"].split(":")[0] in wanted):
                    writer.chunk(json.dumps(event).encode() + b"\n")

    def _tell_log(
        self, connection: socket.socket, writer: _Writer, container: FakeContainer, query: dict[str, str]
    ) -> None:
        assert query.get("timestamps") == query.get("stdout") == query.get("stderr") == "1"
        kind = "raw" if container.tty else "multiplexed"
        writer.head(f"application/vnd.docker.{kind}-stream")
        sought = _Sought(_time_of(query.get("since")), self.seeking)
        told = 0
        while True:
            with self.changed:
                new = container.log[told:]
                ends = query.get("follow") != "1" or container.status != "running" or container.removed
                if not new and not ends and not self._wait(writer):
                    return
            told += len(new)
            for entry in sought.pick(new):
                writer.chunk(_message(entry, tty=container.tty))
            if not new and ends:
                return writer.end()

    def _wait(self, writer: _Writer) -> bool:
        """Wait for a change; whether the connection still lives."""
        self.changed.wait(NAP)
        return writer.lives()


class _Sought:
    """What `since` leaves of a log."""

    def __init__(self, since: int, seeking: bool) -> None:
        self._since = since
        self._seeking = seeking

    def pick(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        for entry in entries:
            if entry.time >= self._since:
                if self._seeking:
                    self._since = 0
                yield entry


class _Writer:
    """Writes a chunked answer, until it is to be cut."""

    def __init__(self, connection: socket.socket, cut_after: int | None) -> None:
        self._connection = connection
        self._left = cut_after

    def head(self, kind: str) -> None:
        self._connection.sendall(
            f"HTTP/1.1 200 OK\r\nApi-Version: 1.47\r\nContent-Type: {kind}\r\nServer: Docker/27.0 (linux)\r\n"
            "Transfer-Encoding: chunked\r\n\r\n".encode()
        )

    def chunk(self, data: bytes) -> None:
        packed = f"{len(data):x}\r\n".encode() + data + b"\r\n"
        if self._left is None:
            return self._connection.sendall(packed)
        self._connection.sendall(packed[: self._left])
        self._left -= len(packed)
        if self._left <= 0:
            raise Cut
        return None

    def end(self) -> None:
        self._connection.sendall(b"0\r\n\r\n")

    def lives(self) -> bool:
        """Whether the other side still listens."""
        try:
            return self._connection.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False


@contextmanager
def running_engine() -> Iterator[FakeEngine]:
    """An engine that runs. Its socket has a short path: the kernel takes 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="engine-") as folder:
        engine = FakeEngine(Path(folder) / "docker.sock")
        engine.start()
        try:
            yield engine
        finally:
            engine.stop()


def _message(entry: Entry, *, tty: bool) -> bytes:
    # What the engine itself has to say has no time.
    text = entry.text if entry.source == "engine" else f"{rfc3339(entry.time)} ".encode() + entry.text
    return text if tty else bytes((STREAMS[entry.source], 0, 0, 0)) + len(text).to_bytes(4) + text


def _say(connection: socket.socket, status: int, value: Any) -> None:
    body = json.dumps(value).encode() + b"\n"
    connection.sendall(
        f"HTTP/1.1 {status} Whatever\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )


def _read_target(connection: socket.socket) -> str:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(4096) or _raise(OSError("nothing was asked"))
    method, target, version = data.split(b"\r\n")[0].decode().split(" ")
    assert (method, version) == ("GET", "HTTP/1.1")
    return target


def _raise(error: Exception) -> bytes:
    raise error


def _time_of(text: str | None) -> int:
    seconds, _, fraction = (text or "0").partition(".")
    return int(seconds) * SECOND + int(fraction.ljust(9, "0") or 0)


def _split(data: bytes) -> list[bytes]:
    return [line for line in re.split(rb"(?<=\n)", data) if line]


def at_second(number: int) -> Iterator[int]:
    """Times one ms after the other, from a second of the year 2026 on."""
    return itertools.count(1_767_225_600 * SECOND + number * SECOND, SECOND // 1000)
