"""`tailrace serve --workers`: the workers of a gateway share its end, however it comes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.relay.processes import descendants
from tests.servers import HOST, RedisServer, free_port, wait_for

SOON = 30.0


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_workers_end_when_their_parent_is_killed(redis_server: RedisServer, prefix: str, tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "tailrace_relay", "serve", "--host", HOST, "--port", str(port), "--workers", "2"]
    with (tmp_path / "log").open("wb") as log:
        parent = subprocess.Popen([*command, "--url", redis_server.url, "--prefix", prefix], stderr=log)
    workers: set[int] = set()
    try:
        wait_for(lambda: (tmp_path / "log").read_text().count("startup complete") == 2, SOON, "two workers")
        workers = descendants(parent.pid)
        assert len(workers) >= 2
        parent.kill()
        parent.wait()
        wait_for(lambda: not any(map(is_running, workers)), SOON, "the end of the workers")
    finally:
        parent.kill()
        for pid in filter(is_running, workers):
            os.kill(pid, signal.SIGKILL)
