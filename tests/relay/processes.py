"""Which processes run, as any system with `ps` tells."""

from __future__ import annotations

import shutil
import subprocess

from tests.servers import wait_for

PATIENCE = 15.0  # seconds

# Looked up now: tests change PATH.
PS = shutil.which("ps") or "ps"


def is_running(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits for its parent does not."""
    state = _ps("-o", "stat=", "-p", str(pid)).strip()
    return bool(state) and not state.startswith("Z")


def descendants(pid: int) -> set[int]:
    """The processes that a process started, and those that they started."""
    pairs = [tuple(map(int, line.split())) for line in _ps("-A", "-o", "pid=,ppid=").splitlines()]
    found = {pid}
    while more := {child for child, parent in pairs if parent in found} - found:
        found |= more
    return found - {pid}


def wait_until_gone(pids: set[int]) -> None:
    """Fails naming those that go on running."""
    wait_for(lambda: not [pid for pid in pids if is_running(pid)], PATIENCE, f"the processes {sorted(pids)} to end")


def _ps(*arguments: str) -> str:
    return subprocess.run([PS, *arguments], stdout=subprocess.PIPE, text=True).stdout
