from __future__ import annotations

import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tailrace_relay.demo import workers
from tests.relay.processes import PATIENCE, descendants, is_running, wait_until_gone
from tests.servers import wait_for

STREAMS = {"api", "worker.billing", "worker.mail", "scheduler"}

# Seconds: more than any test needs.
LONGEST = "100"

# The last line of what it prints when all runs.
END = "  Ctrl-C ends it all.\n"


class RunningDemo:
    """`python -m tailrace_relay.demo`, started as a user starts it, with what it printed until all was running."""

    def __init__(self, scratch: Path, *arguments: str, **environment: str) -> None:
        self.scratch = scratch
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tailrace_relay.demo", "--port", "0", "--seconds", LONGEST, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"TMPDIR": str(scratch)} | environment,
        )
        self.text = "".join(iter(self.line, END))
        self.processes = descendants(self.process.pid)
        self.gateways = {int(port): int(pid) for port, pid in re.findall(r"port (\d+) \(pid (\d+)\)", self.text)}

    def get(self, port: int, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return json.load(answer)

    def line(self) -> str:
        """The next line that it prints and that says something."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.strip():
                return line
        return END

    def wait(self) -> str:
        """What it still printed until its end."""
        assert self.process.stdout is not None
        rest = self.process.stdout.read()
        self.process.wait(PATIENCE)
        return rest.strip()

    def end(self) -> None:
        self.process.kill()
        with self.process:
            pass
        wait_until_gone(self.processes)


StartDemo = Callable[..., RunningDemo]


@pytest.fixture
def start_demo(tmp_path: Path) -> Iterator[StartDemo]:
    demos: list[RunningDemo] = []

    def start(*arguments: str, **environment: str) -> RunningDemo:
        demos.append(RunningDemo(tmp_path, *arguments, **environment))
        return demos[-1]

    yield start
    for demo in demos:
        demo.end()


def test_four_workers_are_seen_at_both_gateways(start_demo: StartDemo) -> None:
    demo = start_demo()
    first, second = demo.gateways
    assert f"http://127.0.0.1:{first}/?gateways=http://127.0.0.1:{second}" in demo.text
    for port in (first, second):
        wait_for(lambda port=port: streams(demo, port) == STREAMS, PATIENCE, "records of all workers")  # type: ignore[misc]
    page = demo.get(first, "/api/streams/api/records?limit=1")
    assert page["records"][0]["message"] == "api starts"


def test_a_killed_gateway_stays_dead_and_the_other_serves(start_demo: StartDemo) -> None:
    demo = start_demo()
    (port, pid), (other, _) = demo.gateways.items()
    os.kill(pid, signal.SIGKILL)
    assert f"gateway-{port} (pid {pid}) was ended by SIGKILL" in demo.line()
    wait_for(lambda: streams(demo, other) == STREAMS, PATIENCE, "records at the other gateway")
    assert not is_running(pid)


def test_it_ends_when_nothing_is_left_to_watch(start_demo: StartDemo) -> None:
    demo = start_demo()
    for pid in demo.gateways.values():
        os.kill(pid, signal.SIGKILL)
    assert "nothing is left to watch" in demo.wait()
    assert demo.process.returncode == 1
    wait_until_gone(demo.processes)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_leaves_nothing(number: signal.Signals, start_demo: StartDemo) -> None:
    demo = start_demo()
    assert len(demo.processes) >= 7  # Redis, two gateways, four workers
    demo.process.send_signal(number)
    assert demo.wait() == ""
    assert demo.process.returncode == 0
    wait_until_gone(demo.processes)
    assert list(demo.scratch.iterdir()) == []


def test_an_impatient_second_ctrl_c_changes_nothing(start_demo: StartDemo) -> None:
    demo = start_demo()
    for _ in range(5):
        demo.process.send_signal(signal.SIGINT)
        time.sleep(0.02)
    assert demo.wait() == ""
    wait_until_gone(demo.processes)
    assert list(demo.scratch.iterdir()) == []


def test_a_closed_terminal_ends_it_and_leaves_nothing(start_demo: StartDemo) -> None:
    demo = start_demo()
    assert demo.process.stdout is not None
    demo.process.stdout.close()
    os.kill(next(iter(demo.gateways.values())), signal.SIGKILL)  # which it can tell nobody
    demo.process.send_signal(signal.SIGHUP)
    demo.process.wait(PATIENCE)
    wait_until_gone(demo.processes)
    assert list(demo.scratch.iterdir()) == []


def test_its_own_sudden_death_leaves_no_process(start_demo: StartDemo) -> None:
    demo = start_demo()
    demo.process.kill()
    demo.process.wait()
    wait_until_gone(demo.processes)


def test_it_ends_by_itself_after_some_seconds(start_demo: StartDemo) -> None:
    demo = start_demo("--seconds", "1")
    assert demo.wait() == ""
    assert demo.process.returncode == 0
    wait_until_gone(demo.processes)


def test_it_needs_no_redis_installed(start_demo: StartDemo, tmp_path: Path) -> None:
    bare = tmp_path / "bin"
    bare.mkdir()
    demo = start_demo(PATH=str(bare))
    assert "fakeredis" in demo.text
    wait_for(lambda: streams(demo, next(iter(demo.gateways))) == STREAMS, PATIENCE, "records of all workers")


def test_the_users_own_settings_do_not_disturb_it(start_demo: StartDemo) -> None:
    demo = start_demo(TAILRACE_URL="redis://nowhere.invalid", TAILRACE_PREFIX="mine", TAILRACE_DISABLED="1")
    wait_for(lambda: streams(demo, next(iter(demo.gateways))) == STREAMS, PATIENCE, "records of all workers")


def test_a_gateway_that_cannot_start_is_reported_and_leaves_nothing(start_demo: StartDemo) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        demo = start_demo("--port", str(taken.getsockname()[1]))
    demo.wait()
    assert demo.process.returncode == 1
    assert re.search(r"demo: gateway-\d+ \(pid \d+\) ended with exit code \d+:\n", demo.text)
    assert "address already in use" in demo.text
    wait_until_gone(demo.processes)


@pytest.mark.parametrize("name", sorted(STREAMS))
def test_each_deed_of_a_worker_says_something(
    name: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    with caplog.at_level(logging.DEBUG):
        for _, deed in workers.JOBS[name].deeds:
            caplog.clear()
            deed()
            assert caplog.records


def test_the_burst_is_two_thousand_records(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        workers.import_catalogue()
    assert len(caplog.records) >= workers.BURST == 2_000


def streams(demo: RunningDemo, port: int) -> set[str]:
    return {item["stream"] for item in demo.get(port, "/api/streams")["streams"]}
