"""The Docker Engine over its Unix socket: questions with a short answer, and answers that go on for ever."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from tailrace.docker.response import Part, Response, ResponseError
from tailrace.errors import TailraceError
from tailrace.version import __version__

__all__ = ["SOCKET", "Answer", "Engine", "EngineAway", "EngineError", "EngineRefuses", "socket_of"]

SOCKET = "/var/run/docker.sock"

# The versions of the API that this was written for: what we ask has not changed between them. An engine that is younger
# still and no longer speaks the newest of these is asked in its oldest.
OLDEST, NEWEST = (1, 24), (1, 47)

# Seconds that a short answer may take: listing a thousand containers takes less than one.
TIMEOUT = 10.0

# Bytes read at once, and of a short answer: a container's description has about 10 KiB.
READ = 256 << 10
LONGEST_ANSWER = 64 << 20

# Characters of an engine's words that are repeated.
LONGEST_MESSAGE = 300

_VERSION = re.compile(r"(\d+)\.(\d+)")


class EngineError(TailraceError):
    """The engine can't be asked, or does not answer as asked; the text says it in a line."""


class EngineAway(EngineError):
    """Nobody answers at the socket, or not to the end."""


class EngineRefuses(EngineError):
    """The engine answers with an error.

    Attributes:
        status: by HTTP: 404 when there is no such container.
    """

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(f"the Docker engine answers {status}: {message}")


def socket_of(given: str | None, environ: Mapping[str, str]) -> str:
    """The path of the engine's socket: as given, by DOCKER_HOST, else the usual one.

    Raises:
        EngineError: when DOCKER_HOST names no Unix socket.
    """
    address = given or environ.get("DOCKER_HOST") or SOCKET
    if "://" not in address:
        return address
    if not address.startswith("unix://"):
        raise EngineError(f"{address} is no Unix socket; right would be unix://{SOCKET}, or --socket PATH")
    return address.removeprefix("unix://") or SOCKET


class Engine:
    """Asks one engine. Each question has a connection of its own."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._version: str | None = None

    def get(self, path: str, **query: str) -> Any:
        """The answer to a question, from JSON.

        Raises:
            EngineAway, EngineRefuses: with a line that says what to do.
        """
        return self._ask(f"/v{self._known_version()}{path}", query)

    def open(self, path: str, **query: str) -> Answer:
        """Ask what is answered bit by bit. Reading does not wait.

        Raises:
            EngineAway, EngineRefuses: when it can't be asked.
        """
        connection = self._send(f"/v{self._known_version()}{path}", query)
        connection.setblocking(False)
        return Answer(connection)

    def forget_version(self) -> None:
        """It may be another engine by now, or will be."""
        self._version = None

    def _known_version(self) -> str:
        if self._version is None:
            found = self._ask("/version", {})
            self._version = _common_version(found if isinstance(found, dict) else {})
        return self._version

    def _ask(self, path: str, query: Mapping[str, str]) -> Any:
        with self._send(path, query) as connection:
            response, body = Response(), bytearray()
            try:
                while not response.complete and len(body) <= LONGEST_ANSWER:
                    data = connection.recv(READ)
                    if not data:
                        response.close()
                    for part in response.feed(data):
                        body += part.data
            except (OSError, ResponseError) as error:
                raise EngineAway(f"the Docker engine at {self._path} does not answer: {_reason(error)}") from error
        if response.status != 200:
            raise refusal(response.status, bytes(body))
        try:
            return json.loads(body)
        except ValueError as error:
            raise EngineAway(f"what answers at {self._path} is no Docker engine: {error}") from error

    def _send(self, path: str, query: Mapping[str, str]) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(TIMEOUT)
            connection.connect(self._path)
            connection.sendall(_request(path, query))
        except OSError as error:
            connection.close()
            raise EngineAway(self._advice(error)) from error
        return connection

    def _advice(self, error: OSError) -> str:
        if isinstance(error, PermissionError):
            return f"may not use {self._path}: add the user to group docker or run as root"
        if isinstance(error, FileNotFoundError):
            return f"there is no Docker engine: no socket {self._path}; --socket or DOCKER_HOST name another"
        if isinstance(error, ConnectionRefusedError):
            return f"the Docker engine does not run: nobody listens at {self._path}"
        return f"can't connect to the Docker engine at {self._path}: {_reason(error)}"


class Answer:
    """An answer that goes on, read without waiting.

    Attributes:
        complete: the engine has said that this was all.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._response = Response()
        self._refusal = bytearray()
        self._early: list[Part] = []

    @property
    def complete(self) -> bool:
        return self._response.complete and self._response.status == 200

    def fileno(self) -> int:
        return self._connection.fileno()

    def wait_for_head(self) -> None:
        """Wait until the engine says whether it answers.

        Raises:
            EngineAway, EngineRefuses: when it does not.
        """
        self._connection.settimeout(TIMEOUT)
        while self._response.status != 200:
            self._early += self.read()
        self._connection.setblocking(False)

    def read(self) -> list[Part]:
        """What has come of the body.

        Raises:
            EngineAway: when the connection broke.
            EngineRefuses: when it is an error that is answered.
        """
        response = self._response
        if self._early:
            early, self._early = self._early, []
            return early
        try:
            data = self._connection.recv(READ)
            parts = response.feed(data)
            if not data:
                response.close()
        except BlockingIOError:
            return []
        except (OSError, ResponseError) as error:
            raise EngineAway(f"the Docker engine has broken off: {_reason(error)}") from error
        if response.status in (0, 200):
            return parts
        self._refusal += b"".join(part.data for part in parts)
        if response.complete or len(self._refusal) > READ:
            raise refusal(response.status, bytes(self._refusal))
        return []

    def close(self) -> None:
        self._connection.close()


def refusal(status: int, body: bytes) -> EngineRefuses:
    """What the engine says in an answer that is an error."""
    try:
        message = json.loads(body)["message"]
    except (ValueError, KeyError, TypeError):
        message = body.decode("utf-8", "backslashreplace")
    return EngineRefuses(status, " ".join(str(message).split())[:LONGEST_MESSAGE])


def _request(path: str, query: Mapping[str, str]) -> bytes:
    target = quote(path) + (f"?{urlencode(query)}" if query else "")
    return (
        f"GET {target} HTTP/1.1\r\nHost: docker\r\nUser-Agent: tailrace/{__version__}\r\nConnection: close\r\n\r\n"
    ).encode("ascii")


def _common_version(found: Mapping[str, Any]) -> str:
    newest, oldest = _parse(found.get("ApiVersion")), _parse(found.get("MinAPIVersion")) or OLDEST
    if newest is None:
        raise EngineError("what answers at the socket does not say which version of the Docker API it speaks")
    if newest < OLDEST:
        raise EngineError(f"the Docker engine speaks version {newest[0]}.{newest[1]} of its API; 1.24 is needed")
    major, minor = max(min(NEWEST, newest), oldest)
    return f"{major}.{minor}"


def _parse(text: object) -> tuple[int, int] | None:
    found = _VERSION.fullmatch(str(text))
    return (int(found[1]), int(found[2])) if found else None


def _reason(error: Exception) -> str:
    return os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
