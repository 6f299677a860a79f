"""The demo's processes: started together, watched, and stopped in order. Nothing is restarted."""

from __future__ import annotations

import http.client
import math
import os
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from tailrace_relay.embedded import HOST, Child, EmbeddedRedis, free_port, is_free
from tailrace_relay.errors import RelayError

__all__ = ["WORKERS", "Demo", "DemoError"]

WORKERS = ("api", "worker.billing", "worker.mail", "scheduler")
GATEWAYS = 2
FIRST_PORT = 8000

# A program as a user would write it, which knows the agent and nothing of the relay; so it runs as a file.
WORKER_PROGRAM = Path(__file__).with_name("workers.py")

# No page of somebody's that has its name pointed here may look in.
OWN_NAMES = {"TAILRACE_ALLOWED_HOSTS": f"{HOST},localhost"}

SECONDS = 1.0
READY_TIMEOUT = 30 * SECONDS
POLL_INTERVAL = 0.05 * SECONDS
LOOK_INTERVAL = 0.2 * SECONDS


class DemoError(RelayError):
    """A part of the demo did not start; the text says which and what it said."""


class Demo:
    """Starts all parts at the beginning of a `with` block and stops them at its end.

    Args:
        say: prints a line for the user.
        port: of the first gateway, which the second one's follows; 0: free ones; None: 8000, else free ones.
    """

    def __init__(self, say: Callable[[str], None], *, port: int | None = None) -> None:
        self._say = say
        self._ports = _choose_ports(port)
        self._redis = EmbeddedRedis()
        self._spools: tempfile.TemporaryDirectory[str] | None = None
        self.gateways: dict[int, Child] = {}
        self.workers: list[Child] = []
        self._reported: set[Child] = set()

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop()

    @property
    def address(self) -> str:
        """The page at the first gateway, which knows the other."""
        first, *others = (f"http://{HOST}:{port}" for port in self._ports)
        return f"{first}/?gateways={','.join(others)}"

    @property
    def redis_url(self) -> str:
        """Where the demo's Redis is, for programs that would join in."""
        return self._redis.url

    def describe(self) -> str:
        """What runs where, and what to try."""
        gateways = ", ".join(f"port {port} (pid {child.pid})" for port, child in self.gateways.items())
        workers = ", ".join(f"{child.name} (pid {child.pid})" for child in self.workers)
        victim = self.gateways[self._ports[0]].pid
        tail = f"{_command('tailrace')} tail 'worker.*' -f --url http://{HOST}:{self._ports[-1]}"
        return (
            f"\n  Open  {self.address}\n\n"
            f"  Redis     {self._redis.describe()}\n"
            f"  gateways  {gateways}\n"
            f"  workers   {workers}\n\n"
            f"  Try   kill -9 {victim}\n"
            f"        The page goes on at the other gateway and misses nothing.\n"
            f"  Try   {tail}\n\n"
            f"  Ctrl-C ends it all.\n"
        )

    def watch(self, seconds: float | None = None) -> int:
        """Report parts that end, for so long or for ever; gives the exit code: 1 when nothing is left to watch."""
        deadline = math.inf if seconds is None else time.monotonic() + seconds
        while time.monotonic() < deadline:
            time.sleep(LOOK_INTERVAL)
            self._report()
            if self._is_over():
                self._say("demo: nothing is left to watch")
                return 1
        return 0

    def _start(self) -> None:
        self._redis.start()
        self._spools = tempfile.TemporaryDirectory(prefix="tailrace-demo-")
        environment = _environment(self._redis.url, self._spools.name, self._ports)
        for port in self._ports:
            self.gateways[port] = _gateway(port, environment)
        for port, child in self.gateways.items():
            _wait_until_ready(port, child)
        command = [sys.executable, "-P", str(WORKER_PROGRAM)]
        self.workers = [Child(name, [*command, name], environment) for name in WORKERS]

    def _stop(self) -> None:
        # Workers first, and Redis last: what they have not shipped yet still arrives.
        for children in (self.workers, list(self.gateways.values())):
            for child in children:
                child.interrupt()
            for child in children:
                child.stop()
        self._redis.stop()
        if self._spools is not None:
            self._spools.cleanup()

    def _report(self) -> None:
        for child in (*self.gateways.values(), *self.workers, self._redis.child):
            if child.returncode is not None and child not in self._reported:
                self._reported.add(child)
                self._say(_obituary(child))

    def _is_over(self) -> bool:
        no_gateway = all(child.returncode is not None for child in self.gateways.values())
        return no_gateway or self._redis.child.returncode is not None


def _choose_ports(port: int | None) -> list[int]:
    if port:
        return [port + i for i in range(GATEWAYS)]
    ports: list[int] = []
    for i in range(GATEWAYS):
        wanted = FIRST_PORT + i
        ports.append(wanted if port is None and is_free(wanted) else free_port())
    return ports


def _environment(url: str, spools: str, ports: list[int]) -> dict[str, str]:
    """The user's environment, without settings that are meant for the user's own programs."""
    origins = ",".join(f"http://{host}:{port}" for port in ports for host in (HOST, "localhost"))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TAILRACE_", "REDIS_URL"))}
    return kept | {"TAILRACE_URL": url, "TAILRACE_SPOOL_DIR": spools, "TAILRACE_ALLOWED_ORIGINS": origins, **OWN_NAMES}


def _gateway(port: int, environment: dict[str, str]) -> Child:
    name = f"gateway-{port}"
    command = [sys.executable, "-P", "-m", "tailrace_relay", "serve", "--host", HOST, "--port", str(port)]
    return Child(name, command, environment | {"TAILRACE_GATEWAY": name})


def _wait_until_ready(port: int, gateway: Child) -> None:
    deadline = time.monotonic() + READY_TIMEOUT
    while not _is_ready(port):
        if gateway.returncode is not None:
            raise DemoError(_obituary(gateway))
        if time.monotonic() > deadline:
            raise DemoError(f"{gateway.name} is not ready after {READY_TIMEOUT:g} s:\n{gateway.output()}")
        time.sleep(POLL_INTERVAL)


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=1 * SECONDS)
    try:
        connection.request("GET", "/api/ready")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _obituary(child: Child) -> str:
    code = child.returncode or 0
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    output = child.output() if code > 0 else ""
    return f"demo: {child.name} (pid {child.pid}) {how}" + (f":\n{output}" if output else "")


def _command(name: str) -> str:
    """How to call a command of this installation from here."""
    path = Path(sys.executable).with_name(name)
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))
