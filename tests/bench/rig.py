"""What the benchmarks run in: servers and processes of their own that are gone when it ends, whatever happens."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from tests.servers import ROOT, START_TIMEOUT, RedisServer, free_port, wait_for

__all__ = ["Child", "Rig", "alternate", "cpu_seconds", "environment", "resident_bytes", "waiting_seconds"]

# Seconds for a child to answer: filling a stream of ten million records takes minutes.
PATIENCE = 900.0

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")

# Settings of the shell that runs the benchmarks would change what is measured.
FOREIGN = ("TAILRACE_", "REDIS_URL", "OTEL_", "PYTHONDEVMODE", "PYTHONASYNCIODEBUG", "PYTHONDONTWRITEBYTECODE")

# A state in /proc/net/tcp.
LISTENING = "0A"

A = TypeVar("A")
B = TypeVar("B")


class Child:
    """A process that may listen on a port, or be asked: a line of JSON in, a line of JSON out."""

    def __init__(self, log: Path, *command: str, port: int = 0) -> None:
        self.port = port
        self._log = log
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def ask(self, **question: Any) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question).encode() + b"\n")
        self._process.stdin.flush()
        return self.answer()

    def answer(self) -> Any:
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], PATIENCE)[0]:
            raise AssertionError(f"no answer from {self._described()}")
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            raise AssertionError(f"there ended {self._described()}")
        return json.loads(line)

    def wait_for_port(self) -> None:
        wait_for(self._listens, START_TIMEOUT, f"somebody to listen on port {self.port}")

    def wait(self) -> None:
        """Until it has ended by itself."""
        self._process.wait(PATIENCE)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None and not pipe.closed:
                pipe.close()

    def _listens(self) -> bool:
        if self._process.poll() is not None:
            raise AssertionError(f"there ended {self._described()}")
        # Looked up, not tried: a connection would be the server's first client.
        wanted = f":{self.port:04X}"
        lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
        return any(fields[1].endswith(wanted) and fields[3] == LISTENING for fields in map(str.split, lines))

    def _described(self) -> str:
        return f"{self._process.args!r}:\n{self._log.read_text(errors='replace')[-2000:]}"


class Rig:
    """Starts what a benchmark needs, and ends all of it.

    Attributes:
        quick: as little as shows that the benchmark works; its numbers mean nothing.
        large: streams of ten million records instead of one.
    """

    def __init__(self, *, quick: bool = False, large: bool = False) -> None:
        self.quick = quick
        self.large = large
        self._stack = ExitStack()
        self.directory = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="tailrace-bench-")))
        self._made = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def part(self) -> Rig:
        """A rig for one part of a benchmark, with `with`: what it started ends there."""
        return Rig(quick=self.quick, large=self.large)

    def scaled(self, usual: int, quick: int) -> int:
        return quick if self.quick else usual

    def folder(self) -> Path:
        self._made += 1
        path = self.directory / str(self._made)
        path.mkdir()
        return path

    def redis(self) -> RedisServer:
        server = RedisServer(self.folder())
        server.start()
        self._stack.callback(server.kill)
        return server

    def child(self, name: str, **arguments: Any) -> Child:
        """One of the modules in tests/bench/children."""
        return self._start(f"tests.bench.children.{name}", json.dumps(arguments))

    def ran(self, name: str, **arguments: Any) -> Any:
        """What a child answers that does one thing and ends."""
        child = self.child(name, **arguments)
        try:
            return child.answer()
        finally:
            child.kill()

    def gateway(self, url: str) -> Child:
        port = free_port()
        return self._serving("tailrace_relay", "serve", "--port", str(port), "--url", url, port=port)

    def plain_relay(self, url: str) -> Child:
        port = free_port()
        return self._serving("tests.bench.children.plain_relay", str(port), url, port=port)

    def _serving(self, module: str, *arguments: str, port: int) -> Child:
        child = self._start(module, *arguments, port=port)
        child.wait_for_port()
        return child

    def _start(self, module: str, *arguments: str, port: int = 0) -> Child:
        child = Child(self.folder() / "log", sys.executable, "-m", module, *arguments, port=port)
        self._stack.callback(child.kill)
        return child


def alternate(rounds: int, ours: Callable[[], A], peer: Callable[[], B]) -> tuple[list[A], list[B]]:
    """A B, B A, A B, …: what drifts on the machine hits both alike."""
    found_ours: list[A] = []
    found_peer: list[B] = []
    for i in range(rounds):
        if i % 2 == 0:
            found_ours.append(ours())
            found_peer.append(peer())
        else:
            found_peer.append(peer())
            found_ours.append(ours())
    return found_ours, found_peer


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, all of its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def waiting_seconds(pid: int) -> float:
    """How long a process's threads have been ready to run while others had the cores."""
    files = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(file.read_text().split()[1]) for file in files) / 1e9


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE


def environment() -> dict[str, str]:
    """That of every process measured."""
    return {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
