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

# As Linux has it in /proc/net/tcp.
ESTABLISHED = "01"

UPGRADE = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
UPGRADE += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]


class ServingGateway(Server):
    """`tailrace serve` as a user starts it."""

    def __init__(self, directory: Path, redis_url: str, prefix: str, workers: int, before: str = "") -> None:
        port = free_port()
        program = f"{before}; from tailrace_relay.cli import main; main()"
        command = [sys.executable, *(["-c", program] if before else ["-m", "tailrace_relay"])]
        command += ["serve", "--host", HOST, "--port", str(port)]
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


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux tells what a socket has not sent")
@pytest.mark.parametrize("path", ["live", "live/events"])
def test_a_client_that_reads_nothing_is_given_up_in_silence(
    path: str, redis_server: RedisServer, prefix: str, tmp_path: Path
) -> None:
    sooner = "from tailrace_relay import gateway; gateway.STUCK = 2.0; gateway.LOOK_FOR_STUCK = 0.2"
    with redis_server.client() as redis, serving(tmp_path, redis_server.url, prefix, 1, sooner) as gateway:
        log = Log(redis, Keys(prefix), "s")
        append(log, 4)
        with client_of(gateway, path, "s", "records") as client:
            wait_for(lambda: unsent_to(client) > SEND_BUFFER, PATIENCE, "a full buffer")
            wait_for(lambda: "is given up" in gateway.output(), PATIENCE, "the gateway to give it up")
            wait_for(lambda: is_cut_off(client), PATIENCE, "the end of the connection")
        assert gateway.terminate() == -signal.SIGTERM
        assert "Traceback" not in gateway.output()
        assert "ERROR" not in gateway.output()


def is_cut_off(client: socket.socket) -> bool:
    """Whether the server has closed its end; its kernel may still try to send what it had taken."""
    return server_end(client)[0] != ESTABLISHED


@contextmanager
def serving(directory: Path, redis_url: str, prefix: str, workers: int, before: str = "") -> Iterator[ServingGateway]:
    gateway = ServingGateway(directory, redis_url, prefix, workers, before)
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
    state, unsent = server_end(client)
    assert state == ESTABLISHED, "the connection is closed"
    return unsent


def server_end(client: socket.socket) -> tuple[str, int]:
    """State of the server's end of a connection, and bytes that it has not sent."""
    ports = f"{client.getpeername()[1]:04X} {client.getsockname()[1]:04X}"
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, here, there, state, queues, *_ = line.split()
        if f"{here.rpartition(':')[2]} {there.rpartition(':')[2]}" == ports:
            return state, int(queues.partition(":")[0], 16)
    return "", 0
