"""A Redis for one's own machine: redis-server or valkey-server where one is installed, else fakeredis behind TCP.

`python -m tailrace_relay.embedded --port N` serves fakeredis in the foreground.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tailrace_relay.errors import RelayError

__all__ = [
    "HOST",
    "Child",
    "EmbeddedRedis",
    "EmbeddedRedisError",
    "RedisBinary",
    "find_redis",
    "free_port",
    "is_free",
    "serve_fakeredis",
]

HOST = "127.0.0.1"

SERVERS = ("redis-server", "valkey-server")
OLDEST = (6, 2)

SECONDS = 1.0
VERSION_TIMEOUT = 5 * SECONDS
# A data folder of some hundred MiB is read before the first answer.
START_TIMEOUT = 30 * SECONDS
STOP_TIMEOUT = 5 * SECONDS
POLL_INTERVAL = 0.01 * SECONDS
# How long fakeredis waits for a client that does not read.
PATIENCE = 60 * SECONDS

# Another program may take a free port between our look and the server's.
PORT_ATTEMPTS = 3

# Bytes of a child's output that are shown when it failed.
LOG_TAIL = 4096

# The shell becomes the command, so its pid is the command's. What it leaves behind waits on the pipe from us: that ends
# when we close it or die, in whatever way, and then the command ends too.
LEASH = 'exec 3<&0 </dev/null; ( { read -r _ <&3; kill $$; } >/dev/null 2>&1 & ); exec "$@" 3<&-'


class EmbeddedRedisError(RelayError):
    """The embedded Redis did not start; the text says why."""


class Child:
    """A process that ends at the latest when this one does, however this one ends.

    It has a session of its own: Ctrl-C reaches this process alone, which can then stop its children in order.

    Args:
        name: what messages call it.
        command: the program and its arguments.
        env: its environment; None: this process' own.
    """

    def __init__(self, name: str, command: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        self.name = name
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop(); nameless, so nothing is left of it
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", LEASH, "leash", *command],
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env=None if env is None else dict(env),
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """The process' ID."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """None while it runs; below 0 the signal that ended it."""
        return self._process.poll()

    def output(self) -> str:
        """The end of what it printed."""
        size = os.fstat(self._log.fileno()).st_size
        # Not by seeking: the child shares our place in the file.
        return os.pread(self._log.fileno(), LOG_TAIL, max(size - LOG_TAIL, 0)).decode(errors="replace").strip()

    def interrupt(self) -> None:
        """Ask it to end, without waiting."""
        if self._process.poll() is None:
            self._process.terminate()

    def stop(self, timeout: float = STOP_TIMEOUT) -> None:
        """End it, by force when it takes longer than `timeout`; harmless when it is gone."""
        self.interrupt()
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        finally:
            self._let_go()

    def _let_go(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._log.close()


@dataclass(frozen=True, slots=True)
class RedisBinary:
    """An installed server: where it is and what it is, such as `redis-server 7.0.15`."""

    path: str
    kind: str


def find_redis() -> RedisBinary | None:
    """The first server on PATH that is new enough."""
    for name in SERVERS:
        path = shutil.which(name)
        found = _version_of(path) if path else None
        if path and found and found >= OLDEST:
            return RedisBinary(path, f"{name} {'.'.join(map(str, found))}")
    return None


class EmbeddedRedis:
    """A Redis of one's own on the loopback interface.

    Args:
        port: where it listens; 0 takes a free port.
        directory: where it keeps its data from one run to the next; without, it forgets all when it stops. fakeredis
            always forgets.

    Attributes:
        kind: what it is, such as `redis-server 7.0.15` or `fakeredis 2.40.0`; known before the start.
    """

    def __init__(self, *, port: int = 0, directory: Path | None = None) -> None:
        self._binary = find_redis()
        self._wanted_port = port
        self._directory = directory
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._child: Child | None = None
        self._port = port
        self.kind = self._binary.kind if self._binary else f"fakeredis {version('fakeredis')}"

    @property
    def url(self) -> str:
        """Its address, for `TAILRACE_URL`."""
        return f"redis://{HOST}:{self._port}/0"

    @property
    def keeps_data(self) -> bool:
        """Whether records outlive it."""
        return self._binary is not None and self._directory is not None

    @property
    def child(self) -> Child:
        """Its process."""
        assert self._child is not None, "it does not run"
        return self._child

    def describe(self) -> str:
        """One line for the user: what runs where, and its limits."""
        if self._binary is None:
            nature = "slow but enough for a laptop: about 1 000 appends a second, in memory; redis-server does far more"
        elif self._directory is not None:
            nature = f"keeps its data in {self._directory}"
        else:
            nature = "keeps its data in memory"
        return f"{self.kind} at {self.url} ({nature})"

    def start(self) -> None:
        """Start it, and return once it answers.

        Raises:
            EmbeddedRedisError: naming the port or what the server said.
        """
        assert self._child is None, "it runs already"
        if self._wanted_port:
            self._start_on(self._wanted_port)
            return
        for attempt in range(1, PORT_ATTEMPTS + 1):
            try:
                self._start_on(free_port())
                return
            except EmbeddedRedisError:
                if attempt == PORT_ATTEMPTS:
                    raise

    def stop(self) -> None:
        """Stop it, in its own way, which writes what it keeps; harmless when it does not run."""
        child, self._child = self._child, None
        if child is not None:
            child.stop()
        temporary, self._temporary = self._temporary, None
        if temporary is not None:
            temporary.cleanup()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _start_on(self, port: int) -> None:
        if not is_free(port):
            raise EmbeddedRedisError(f"port {port} of {HOST} is taken; choose another, or 0 for a free one")
        self._port = port
        self._child = Child(self.kind, self._command(port))
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def _command(self, port: int) -> list[str]:
        if self._binary is None:
            # -P: a file named redis.py in the user's folder must not be imported.
            return [sys.executable, "-P", "-m", "tailrace_relay.embedded", "--port", str(port)]
        command = [self._binary.path, "--port", str(port), "--bind", HOST, "--dir", self._data_directory()]
        command += ["--save", "", "--appendonly", "yes" if self.keeps_data else "no"]
        return [*command, "--maxmemory-policy", "noeviction", "--loglevel", "warning"]

    def _data_directory(self) -> str:
        if self._directory is not None:
            self._directory.mkdir(parents=True, exist_ok=True)
            return str(self._directory.resolve())
        self._temporary = self._temporary or tempfile.TemporaryDirectory(prefix="tailrace-redis-")
        return self._temporary.name

    def _wait(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while not _answers(self._port):
            if self.child.returncode is not None:
                raise EmbeddedRedisError(f"{self.kind} ended at its start: {self.child.output() or 'it said nothing'}")
            if time.monotonic() > deadline:
                raise EmbeddedRedisError(f"{self.kind} does not answer on port {self._port} of {HOST}")
            time.sleep(POLL_INTERVAL)


def free_port() -> int:
    """A port of the loopback interface that nobody listens on; take it soon."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
        assert isinstance(port, int)
        return port


def is_free(port: int) -> bool:
    """Whether nobody listens on a port of the loopback interface."""
    with socket.socket() as probe:
        # As the servers do: connections of a server before that are not yet forgotten do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def serve_fakeredis(port: int) -> None:
    """Serve fakeredis until the process ends."""
    # Here, not above: the import takes half a second, and where a Redis is installed nobody needs it.
    from fakeredis import TcpFakeServer
    from fakeredis._clients._tcp_server import TCPFakeRequestHandler

    class PatientHandler(TCPFakeRequestHandler):
        """Waits for a slow reader, whom fakeredis would cut off when the socket is full: also amid one long reply.

        And goes on after a command that failed, behind which fakeredis would close the connection.
        """

        def setup(self) -> None:
            super().setup()
            # The same socket with a timeout, whose writes wait; the original must stay without one for the reads.
            socket_to_write = self.connection.dup()
            socket_to_write.settimeout(PATIENCE)
            self.patient_file = socket_to_write.makefile("wb")
            socket_to_write.close()
            self.writer.writer = self.patient_file
            self.read_reply = self.current_client.read_response
            self.current_client.read_response = self.reply_or_error  # type: ignore[method-assign]

        def reply_or_error(self, *arguments: Any, **options: Any) -> Any:
            try:
                return self.read_reply(*arguments, **options)
            except redis.ResponseError as error:
                return error

        def finish(self) -> None:
            try:
                self.patient_file.close()
            except OSError:
                pass  # the peer is gone, and what was meant for it
            super().finish()

    with TcpFakeServer((HOST, port), server_version=(7, 0)) as server:
        server.RequestHandlerClass = PatientHandler
        server.serve_forever()


def main() -> None:
    """Serve fakeredis on a port."""
    parser = argparse.ArgumentParser(description="Serve fakeredis over TCP, for development and tests.")
    parser.add_argument("--port", type=int, required=True)
    # No orderly end: it holds nothing, and its threads would wait for their clients.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    serve_fakeredis(parser.parse_args().port)


def _version_of(path: str) -> tuple[int, ...] | None:
    """The version that a server says it is: `Redis server v=7.0.15 …`; None when it cannot say."""
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=VERSION_TIMEOUT).stdout
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    found = re.search(r"\bv=(\d+)\.(\d+)\.(\d+)", answer)
    return tuple(map(int, found.groups())) if found else None


def _answers(port: int) -> bool:
    client = redis.Redis(HOST, port, retry=Retry(NoBackoff(), 0), socket_connect_timeout=1, socket_timeout=1)
    try:
        return bool(client.ping())
    except (redis.ConnectionError, redis.TimeoutError):  # the first also while it loads its data
        return False
    finally:
        client.close()


if __name__ == "__main__":
    main()
