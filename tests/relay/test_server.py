from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tailrace.wire import Keys
from tests.relay.live import Log
from tests.relay.processes import descendants
from tests.servers import HOST, RedisServer, Server, free_port, wait_for

# Seconds; nobody waits longer than it takes.
PATIENCE = 30.0

# Bytes that a client's kernel takes for it, or little more.
RECEIVE_BUFFER = 4096

# The gateway's kernel takes little more or less than 128 KiB for a client that does not read; the rest waits in the
# gateway.
SEND_BUFFER = 96 * 1024

UPGRADE = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
UPGRADE += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]


class ServingGateway(Server):
    """`tailrace serve` as a user starts it."""

    def __init__(self, directory: Path, redis_url: str, prefix: str, workers: int) -> None:
        port = free_port()
        command = [sys.executable, "-m", "tailrace_relay", "serve", "--host", HOST, "--port", str(port)]
        command += ["--url", redis_url, "--prefix", prefix, "--workers", str(workers)]
        super().__init__(directory, port, command)

    def terminate(self) -> int:
        """What it answers to SIGTERM: its exit code."""
        process = self._running()
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the gateway did not end:\n{self.output()}") from None

    def kill(self) -> None:
        """Ends its workers too: they would outlive a parent that is killed."""
        workers = set() if self._process is None else descendants(self.pid)
        super().kill()
        for pid in workers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def _answers(self) -> bool:
        if self._running().poll() is not None:
            raise AssertionError(f"the gateway ended at its start:\n{self.output()}")
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.port}/api/ready", timeout=1) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux tells what a socket has not sent")
@pytest.mark.parametrize(("workers", "code"), [(1, -signal.SIGTERM), (2, 0)])
def test_clients_that_do_not_read_are_cut_off_in_silence_when_a_gateway_is_terminated(
    workers: int, code: int, redis_server: RedisServer, prefix: str, tmp_path: Path
) -> None:
    with redis_server.client() as redis, serving(tmp_path, redis_server.url, prefix, workers) as gateway:
        long, short = Log(redis, Keys(prefix), "long"), Log(redis, Keys(prefix), "short")
        append(long, megabytes=8)
        short.append()
        with ExitStack() as open_clients:
            catching_up = [client_of(gateway, path, "long", '"hello"') for path in ("live", "live/events")]
            live = [client_of(gateway, path, "short", '"state":"live"') for path in ("live", "live/events")]
            for client in (*catching_up, *live):
                open_clients.enter_context(client)
            append(short, megabytes=0.75)  # more than the kernels take, less than what ends being live
            for client in (*catching_up, *live):
                wait_for(lambda client=client: unsent_to(client) >= SEND_BUFFER, PATIENCE, "a full buffer")  # type: ignore[misc]
            assert gateway.terminate() == code
        output = gateway.output()
    assert "Traceback" not in output
    assert "ERROR" not in output  # uvicorn's word for a limit that was exceeded
    assert output.count("Application shutdown complete") == workers


@contextmanager
def serving(directory: Path, redis_url: str, prefix: str, workers: int) -> Iterator[ServingGateway]:
    gateway = ServingGateway(directory, redis_url, prefix, workers)
    gateway.start()
    try:
        yield gateway
    finally:
        gateway.kill()


def client_of(gateway: Server, path: str, stream: str, awaited: str) -> socket.socket:
    """A client from the stream's beginning on, that reads up to the awaited text and then no more."""
    client = socket.socket()
    client.settimeout(PATIENCE)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    client.connect((HOST, gateway.port))
    lines = [f"GET /api/{path}?streams={stream}&after=0-0 HTTP/1.1", f"Host: {HOST}"]
    lines += UPGRADE if path == "live" else []
    client.sendall("\r\n".join([*lines, "", ""]).encode())
    read = b""
    while awaited.encode() not in read:
        data = client.recv(RECEIVE_BUFFER)
        assert data, f"the gateway ended the connection after {read!r}"
        read += data
    return client


def append(log: Log, megabytes: float) -> None:
    for _ in range(int(megabytes * 100)):
        log.append(5, padding=2000)


def unsent_to(client: socket.socket) -> int:
    """Bytes in the server's kernel that the client's has not taken."""
    ports = f"{client.getpeername()[1]:04X} {client.getsockname()[1]:04X}"
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, here, there, _, queues, *_ = line.split()
        if f"{here.rpartition(':')[2]} {there.rpartition(':')[2]}" == ports:
            return int(queues.partition(":")[0], 16)
    raise AssertionError("the connection is gone")
