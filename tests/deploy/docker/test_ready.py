from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.deploy.docker.dockerfile import FOLDER
from tests.e2e.gateways import GatewayProcess
from tests.servers import MakeRedisServer, free_port, wait_for


def ask(port: int) -> subprocess.CompletedProcess[str]:
    environ = os.environ | {"TAILRACE_PORT": str(port)}
    command = [sys.executable, str(FOLDER / "ready.py")]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=30, check=False)


def test_a_gateway_is_healthy_as_long_as_it_delivers(
    own_redis_server: MakeRedisServer, prefix: str, tmp_path: Path
) -> None:
    redis_server = own_redis_server()
    gateway = GatewayProcess(tmp_path, redis_server.url, prefix)
    gateway.start()
    try:
        assert (ask(gateway.port).returncode, ask(gateway.port).stderr) == (0, "")
        redis_server.kill()
        wait_for(lambda: not gateway.ready(), 30.0, "the gateway to notice that Redis is gone")
        done = ask(gateway.port)
        assert done.returncode == 1
        assert done.stderr.startswith("not ready: 503 {")
    finally:
        gateway.kill()


def test_without_a_gateway_it_says_so_in_one_line() -> None:
    done = ask(free_port())
    assert done.returncode == 1
    assert done.stderr.startswith("no answer: ConnectionRefusedError")
    assert done.stderr.count("\n") == 1
