"""Real servers for the tests: each on a port of its own, to be killed, frozen and brought back at will."""

from __future__ import annotations

import asyncio
import inspect
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"

# Below the ports that kernels give to outgoing connections: one of those could take a killed server's port before its
# restart.
PORTS = range(20_000, 32_000)

# hypothesis seeds the module's own generator, so that every test would ask for the same port.
_random = random.SystemRandom()

# Seconds. Generous, since two test processes share the machine's cores; nobody waits longer than a server needs.
START_TIMEOUT = 15.0
STOP_TIMEOUT = 5.0
ANSWER_TIMEOUT = 5.0
POLL_INTERVAL = 0.005

T = TypeVar("T")


def free_port() -> int:
    """A port nobody listens on; the caller should take it soon."""
    while True:
        port = _random.choice(PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port


def wait_for(condition: Callable[[], T], timeout: float, what: str) -> T:
    """Asks until the answer is true and returns it; fails by saying what was awaited."""
    deadline = time.monotonic() + timeout
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout:g} s for {what}; the last answer was {answer!r}")
        time.sleep(POLL_INTERVAL)
    return answer


async def wait_for_async(condition: Callable[[], T | Awaitable[T]], timeout: float, what: str) -> T:
    """As wait_for, in an event loop; the condition may be a coroutine function."""
    deadline = time.monotonic() + timeout
    while not (answer := await _answer(condition)):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout:g} s for {what}; the last answer was {answer!r}")
        await asyncio.sleep(POLL_INTERVAL)
    return answer


async def _answer(condition: Callable[[], T | Awaitable[T]]) -> T:
    answer = condition()
    return await answer if inspect.isawaitable(answer) else answer


class Process(Protocol):
    """What is needed here of subprocess.Popen."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, by: signal.Signals, /) -> None: ...
    def kill(self) -> None: ...


class Server:
    """One process that speaks the Redis protocol, with a directory for its data and its log."""

    def __init__(self, directory: Path, port: int, command: Sequence[str]) -> None:
        self.port = port
        self.directory = directory
        self.log = directory / "server.log"
        self._command = list(command)
        self._process: Process | None = None

    @property
    def url(self) -> str:
        return f"redis://{HOST}:{self.port}/0"

    @property
    def pid(self) -> int:
        return self._running().pid

    def client(self, timeout: float = ANSWER_TIMEOUT) -> redis.Redis:
        """A client that reports every failure at once instead of trying again behind the test's back."""
        return redis.Redis(
            host=HOST,
            port=self.port,
            retry=Retry(NoBackoff(), 0),
            socket_connect_timeout=timeout,
            socket_timeout=timeout,
        )

    def start(self) -> None:
        assert self._process is None, "the server runs already"
        self.directory.mkdir(parents=True, exist_ok=True)
        self._process = self._begin()
        try:
            wait_for(self._answers, START_TIMEOUT, f"{self._command[0]} to answer on port {self.port}")
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Ends the process in its own way, which lets Redis write what it holds; does nothing when it is gone."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Comes back on the same port with whatever its directory holds."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """From here on connections are accepted by the kernel and nothing is answered."""
        self._running().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._running().send_signal(signal.SIGCONT)

    def _begin(self) -> Process:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self._command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )

    def _running(self) -> Process:
        assert self._process is not None, "the server does not run"
        return self._process

    def _answers(self) -> bool:
        if self._running().poll() is not None:
            raise AssertionError(f"{self._command[0]} ended at its start:\n{self.log.read_text(errors='replace')}")
        with self.client() as client:
            try:
                return bool(client.ping())
            except (redis.ConnectionError, redis.TimeoutError):  # the first also while Redis loads its data
                return False

    def _end(self, by: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(by)
        self._process.send_signal(signal.SIGCONT)  # a frozen process would keep the signal for later
        try:
            self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


class RedisServer(Server):
    """A redis-server that keeps nothing, unless the arguments say otherwise: `"--appendonly", "yes"`."""

    def __init__(self, directory: Path, *arguments: str, port: int | None = None) -> None:
        port = port or free_port()
        command = [redis_server_binary() or "redis-server", "--port", str(port), "--bind", HOST]
        command += ["--dir", str(directory), "--save", "", "--appendonly", "no", *arguments]
        super().__init__(directory, port, command)


# What the fixture `own_redis_server` is: takes redis-server's arguments, returns the started server.
MakeRedisServer = Callable[..., RedisServer]


class FakeRedisServer(Server):
    """fakeredis behind TCP, as `tailrace dev` uses it where no Redis is installed. It forgets all at a restart."""

    def __init__(self, directory: Path, *, port: int | None = None) -> None:
        port = port or free_port()
        super().__init__(directory, port, [sys.executable, "-m", "tailrace_relay.embedded", "--port", str(port)])


def redis_server_binary() -> str | None:
    return shutil.which("redis-server") or shutil.which("valkey-server")


def nginx_binary() -> str | None:
    """Debian puts it where only root's PATH looks."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


def on_ci() -> bool:
    return os.environ.get("CI", "").lower() == "true"
