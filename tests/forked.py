"""Gateways that start at once: a process has imported all that one needs, and each gateway is a fork of it.

Importing takes a core a second and more, which hundreds of tests would wait for. What a fork runs is what
`python -m tailrace_relay` runs; tests of starting itself (tests/relay/test_server.py, tests/test_wheel.py) start it so.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.servers import ROOT

__all__ = ["GatewayFork"]

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tailrace_relay.cli", "tailrace_relay.app", "tailrace_relay.server", "tests.forked"])


class GatewayFork:
    """As subprocess.Popen of `python -m tailrace_relay` with these arguments; what it writes is appended to a file."""

    def __init__(self, arguments: list[str], output: Path) -> None:
        self._arguments = arguments
        self._process = _processes.Process(
            target=_run, args=(arguments, dict(os.environ), str(output)), daemon=True, name="gateway"
        )
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(self._arguments, timeout or 0.0)
        return self._process.exitcode

    def send_signal(self, by: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, by)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _run(arguments: list[str], environ: dict[str, str], output: str) -> None:
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(ROOT)
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for place, target in ((nothing, 0), (file, 1), (file, 2)):
        os.dup2(place, target)
    from tailrace_relay.cli import main

    sys.argv = ["tailrace", *arguments]
    main()
