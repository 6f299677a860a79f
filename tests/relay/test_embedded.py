from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tailrace_relay.embedded import Child, EmbeddedRedis, EmbeddedRedisError, find_redis, free_port, is_free
from tests.relay.processes import PATIENCE, is_running, wait_until_gone
from tests.servers import wait_for

HOLDER = """
import sys, time
from tailrace_relay.embedded import EmbeddedRedis
server = EmbeddedRedis()
server.start()
print(server.child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture(params=["redis", "fakeredis"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The test runs twice: with what is installed, and as if nothing were."""
    if request.param == "redis":
        request.getfixturevalue("redis_binary")
    else:
        monkeypatch.setenv("PATH", str(tmp_path))
    return str(request.param)


def test_it_answers_as_soon_as_it_has_started(kind: str) -> None:
    with EmbeddedRedis() as server, client(server) as commands:
        assert commands.ping()
        assert server.kind.startswith("fakeredis" if kind == "fakeredis" else ("redis-server", "valkey-server"))
        assert server.url in server.describe()
        assert ("1 000 appends a second" in server.describe()) == (kind == "fakeredis")


def test_a_connection_goes_on_after_a_failed_command(kind: str) -> None:
    with EmbeddedRedis() as server, client(server) as commands, commands.client() as one_connection:
        number = one_connection.client_id()
        with pytest.raises(redis.exceptions.NoScriptError):
            one_connection.evalsha("f" * 40, 0)
        assert one_connection.client_id() == number


def test_it_is_gone_when_it_has_stopped(kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    server = EmbeddedRedis()
    server.start()
    pid, port = server.child.pid, int(server.url.split(":")[-1].split("/")[0])
    server.stop()
    server.stop()
    assert not is_running(pid)
    assert is_free(port)
    assert list(scratch.iterdir()) == []


def test_it_listens_where_it_is_told_to(kind: str) -> None:
    port = free_port()
    with EmbeddedRedis(port=port) as server:
        assert server.url == f"redis://127.0.0.1:{port}/0"


def test_a_taken_port_is_named(kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EmbeddedRedisError, match=f"port {port} of 127.0.0.1 is taken"):
            EmbeddedRedis(port=port).start()


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_when_its_owner_dies(kind: str, death: signal.Signals) -> None:
    owner = subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    with owner:
        pid = int(owner.stdout.readline())
        assert is_running(pid)
        owner.send_signal(death)
        owner.wait()
    wait_until_gone({pid})


def test_ctrl_c_at_the_terminal_does_not_reach_it(kind: str) -> None:
    with EmbeddedRedis() as server:
        assert os.getsid(server.child.pid) == server.child.pid != os.getsid(0)


def test_a_folder_keeps_the_data(redis_binary: str, tmp_path: Path) -> None:
    folder = tmp_path / "not yet there" / "data"
    with EmbeddedRedis(directory=folder) as server, client(server) as commands:
        commands.set("key", "value")
        assert str(folder) in server.describe()
    with EmbeddedRedis(directory=folder) as server, client(server) as commands:
        assert commands.get("key") == b"value"


def test_without_a_folder_all_is_forgotten(kind: str) -> None:
    port = free_port()
    with EmbeddedRedis(port=port) as server, client(server) as commands:
        commands.set("key", "value")
        assert not server.keeps_data
    with EmbeddedRedis(port=port) as server, client(server) as commands:
        assert commands.get("key") is None


def test_a_server_that_is_too_old_or_broken_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "redis-server", "echo Redis server v=6.0.16 sha=00000000:0 bits=64")
    program(tmp_path / "valkey-server", "exit 1")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_redis() is None
    program(tmp_path / "valkey-server", "echo Valkey server v=8.1.3 sha=00000000:0 bits=64")
    found = find_redis()
    assert found is not None
    assert found.kind == "valkey-server 8.1.3"


def test_a_failed_start_shows_what_the_server_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    says = 'case "$1" in --version) echo v=7.0.0;; *) echo "cannot open the log"; exit 1;; esac'
    program(tmp_path / "redis-server", says)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EmbeddedRedisError, match=r"redis-server 7.0.0 ended at its start: cannot open the log"):
        EmbeddedRedis().start()


@pytest.fixture
def stubborn() -> Iterator[Child]:
    child = Child("stubborn", ["/bin/sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done"])
    wait_for(lambda: child.output() == "ready", PATIENCE, "the child")
    yield child
    child.stop(0)


def test_a_child_that_does_not_end_is_ended_by_force(stubborn: Child) -> None:
    pid = stubborn.pid
    stubborn.stop(timeout=0.1)
    assert stubborn.returncode == -signal.SIGKILL
    assert not is_running(pid)


def test_a_childs_output_is_shown_from_its_end() -> None:
    child = Child("talkative", ["/bin/sh", "-c", "i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done"])
    wait_for(lambda: child.returncode is not None, PATIENCE, "the child")
    assert child.output().endswith("line 1998\nline 1999")
    assert len(child.output()) <= 4096
    child.stop()


def program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def client(server: EmbeddedRedis) -> redis.Redis:
    connection: redis.Redis = redis.Redis.from_url(server.url, socket_timeout=5)
    return connection
