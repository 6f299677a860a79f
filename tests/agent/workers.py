"""Worker processes that log, say which log calls have returned, and are killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Self

from tests.servers import ROOT

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
        self.process = subprocess.Popen(
            [sys.executable, *program, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **place, "PYTHONPATH": str(ROOT / "agent"), **settings},
            cwd=ROOT,
        )
        self.returned: list[str] = []

    @property
    def pid(self) -> int:
        return self.process.pid

    def read(self, count: int) -> Self:
        """Wait until so many more log calls have returned."""
        assert self.process.stdout is not None
        self.returned += [self.process.stdout.readline().decode().strip() for _ in range(count)]
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

    def _end(self) -> Self:
        assert self.process.stdout is not None
        rest = self.process.stdout.read().decode().split("\n")
        # What stands behind the last line feed was cut off by the kill.
        self.returned += rest[:-1]
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        return self
