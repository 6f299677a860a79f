"""Gateways to follow: real processes to be killed, and one inside the test's process to be looked into."""

from __future__ import annotations

import re
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from tailrace_relay.app import RelayApp, create_app
from tailrace_relay.gateway import Gateway
from tailrace_relay.server import server_config
from tailrace_relay.settings import Settings
from tests.forked import GatewayFork
from tests.servers import HOST, free_port, wait_for

__all__ = ["GatewayProcess", "GatewayThread"]

# Seconds. Generous: two test processes share the machine's cores.
READY_TIMEOUT = 20.0
STOP_TIMEOUT = 10.0
ANSWER_TIMEOUT = 5.0


class GatewayAddress:
    """Where a gateway answers."""

    def __init__(self, port: int) -> None:
        self.port = port

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def get(self, path: str, **parameters: str | int) -> httpx.Response:
        # Without verify=False it would read all certificates of the system first, for a tenth of a second.
        return httpx.get(f"{self.url}{path}", params=parameters, timeout=ANSWER_TIMEOUT, verify=False)

    def ready(self) -> bool:
        try:
            return self.get("/api/ready").status_code == 200
        except httpx.TransportError:
            return False


class GatewayProcess(GatewayAddress):
    """`tailrace serve` as a user runs it."""

    def __init__(self, directory: Path, redis_url: str, prefix: str, *, port: int | None = None) -> None:
        super().__init__(port or free_port())
        self.output = directory / f"gateway-{self.port}.log"
        self._arguments = ["serve", "--url", redis_url, "--prefix", prefix, "--host", HOST, "--port", str(self.port)]
        self._process: GatewayFork | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, "the gateway does not run"
        return self._process.pid

    @property
    def resident_bytes(self) -> int:
        """Its memory, as Linux counts it."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))

    def start(self) -> None:
        self._process = GatewayFork(self._arguments, self.output)
        wait_for(self._ready_or_ended, READY_TIMEOUT, f"a gateway to be ready on port {self.port}")

    def stop(self) -> int:
        """End it in its own way; gives its exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        return self._end(signal.SIGKILL)

    def _ready_or_ended(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"the gateway ended at its start:\n{self.output.read_text(errors='replace')}")
        return self.ready()

    def _end(self, by: signal.Signals) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(by)
        try:
            return process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"the gateway did not end within {STOP_TIMEOUT:g} s of {by.name}") from None


class GatewayThread(GatewayAddress):
    """The same server in a thread of the test's process; its counters can be read."""

    def __init__(self, redis_url: str, prefix: str, **more: Any) -> None:
        super().__init__(free_port())
        settings = Settings(url=redis_url, prefix=prefix, host=HOST, port=self.port, **more)
        self._app = create_app(settings)
        self._server = uvicorn.Server(server_config(self._app, settings, log_level="warning"))
        self._thread = threading.Thread(target=self._server.run, name="gateway", daemon=True)

    @property
    def gateway(self) -> Gateway:
        app: RelayApp = self._app
        return app.gateway

    @property
    def sockets(self) -> list[tuple[re.Pattern[str], Any]]:
        """The addresses of its WebSockets."""
        return self._app._sockets

    def start(self) -> None:
        self._thread.start()
        wait_for(self.ready, READY_TIMEOUT, f"a gateway to be ready on port {self.port}")

    def stop(self) -> None:
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(STOP_TIMEOUT)
            assert not self._thread.is_alive(), f"the gateway did not end within {STOP_TIMEOUT:g} s"
