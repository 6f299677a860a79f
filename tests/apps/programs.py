"""Servers and workers as processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.agent.delivered import Delivered, delivered
from tests.servers import HOST, ROOT, RedisServer, wait_for

SOON = 30.0

Start = Callable[..., subprocess.Popen[bytes]]
Read = Callable[[], Delivered]


@pytest.fixture
def start(redis_server: RedisServer, prefix: str, tmp_path: Path) -> Iterator[Start]:
    """Starts a module of an installed package with the agent's environment; ends it after the test."""
    started: list[subprocess.Popen[bytes]] = []
    place = {"TAILRACE_URL": redis_server.url, "TAILRACE_PREFIX": prefix, "TAILRACE_SPOOL_DIR": str(tmp_path / "spool")}
    place |= {"TAILRACE_SERVICE": "app", "PYTHONPATH": f"{ROOT}:{ROOT / 'agent'}"}

    def begin(*arguments: object, **environ: str) -> subprocess.Popen[bytes]:
        with (tmp_path / "output").open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, *map(str, arguments)],
                cwd=ROOT,
                env={**os.environ, **place, **environ},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.terminate()
        try:
            process.wait(20)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@pytest.fixture
def read(redis_server: RedisServer, prefix: str) -> Read:
    """What has arrived."""
    return lambda: delivered(redis_server.client(), prefix, "s")


def get(port: int, path: str, timeout: float = 10, headers: dict[str, str] | None = None) -> httpx.Response:
    return httpx.get(f"http://{HOST}:{port}{path}", timeout=timeout, headers=headers, verify=False)


def wait_until_served(port: int, path: str) -> None:
    def answers() -> bool:
        try:
            return get(port, path).status_code == 200
        except httpx.TransportError:
            return False

    wait_for(answers, SOON, f"an answer on port {port}")
