"""Worker processes that log, say which log calls have returned, and are killed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Self

from tests.servers import ROOT, wait_for

# Seconds. Generous: other tests share the cores.
SOON = 60.0

# Logs "<name> <i>" as fast as it can, or as long as it is not told to stop, and says "<i>" after each call.
NUMBERS = """
import logging, os, sys
import tailrace

tailrace.install(stream="s", level="DEBUG")
log = logging.getLogger("worker")
name, count = sys.argv[1], int(sys.argv[2])
for i in range(count):
    log.info("%s %d", name, i)
    os.write(1, b"%d\\n" % i)
sys.stdin.readline()
"""


class Worker:
    """One process that runs a script with the agent.

    Args:
        script: Python, as text or in a file; it prints a line for each log call that has returned.
        settings: environment; where Redis is, which prefix.
    """

    def __init__(
        self, script: str | Path, *arguments: object, url: str, prefix: str, spool: Path, **settings: str
    ) -> None:
        program = ["-c", script] if isinstance(script, str) else [str(script)]
        place = {"TAILRACE_URL": url, "TAILRACE_PREFIX": prefix, "TAILRACE_SPOOL_DIR": str(spool)}
        # A file, not a pipe: it never holds the worker up, and what it holds outlives a kill.
        self._output = tempfile.TemporaryFile()  # noqa: SIM115  # open as long as the worker
        self._awaited = 0
        self.process = subprocess.Popen(
            [sys.executable, *program, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=self._output,
            env={**os.environ, **place, "PYTHONPATH": f"{ROOT / 'agent'}:{ROOT}", **settings},
            cwd=ROOT,
        )
        self.returned: list[str] = []

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def last(self) -> str:
        """The last line that it has said; everything, once it has ended."""
        if self.process.returncode is None:
            self.returned = self._read_all()
        return self.returned[-1]

    def read(self, count: int) -> Self:
        """Wait until so many more log calls have returned."""
        self._awaited = max(self._awaited, self._lines()) + count
        wait_for(lambda: self._lines() >= self._awaited or self.process.poll() is not None, SOON, "the worker to log")
        assert self._lines() >= self._awaited, f"the worker ended with {self.process.returncode}"
        return self

    def kill(self) -> Self:
        """SIGKILL; then all that it said before is known."""
        self.process.kill()
        return self._end()

    def stop(self) -> Self:
        """Let it end by itself."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self._end()

    def _lines(self) -> int:
        return len(self._read_all())

    def _end(self) -> Self:
        self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.returned = self._read_all()
        self._output.close()
        return self

    def _read_all(self) -> list[str]:
        size = os.fstat(self._output.fileno()).st_size
        # What stands behind the last line feed was cut off by the kill.
        return os.pread(self._output.fileno(), size, 0).decode().split("\n")[:-1]
