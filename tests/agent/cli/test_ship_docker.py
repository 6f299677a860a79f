"""`tailrace ship docker`: what its arguments mean, and what a person reads when it can't work."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tailrace.cli import ship_docker
from tailrace.docker.engine import SOCKET, Engine, EngineAway, EngineError, socket_of
from tailrace.wire import Frame, Keys
from tests.agent.delivered import delivered, wait_for_records
from tests.agent.docker.engine import SECOND, FakeEngine, Fault, running_engine
from tests.servers import Server, wait_for

PROGRAM = "import sys; from tailrace.cli import main; sys.exit(main())"
TIMEOUT = 30.0

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    with running_engine() as engine:
        yield engine


@pytest.fixture
def start(prefix: str, redis_server: Server, tmp_path: Path) -> Iterator[Start]:
    """Starts `tailrace ship docker` in a process of its own."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str, **environ: str) -> subprocess.Popen[str]:
        settings = {"TAILRACE_PREFIX": prefix, "TAILRACE_URL": redis_server.url, "XDG_STATE_HOME": str(tmp_path)}
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "ship", "docker", *arguments],
            env={**os.environ, **settings, **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def options_of(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    ship_docker.add_arguments(parser)
    return parser.parse_args(arguments)


def failure_of(process: subprocess.Popen[str]) -> str:
    """The one line on stderr of a process that ends with 1."""
    printed, said = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, printed, said.count("\n")) == (1, "", 1), said
    return said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_logs_are_shipped_until_a_signal_comes(
    engine: FakeEngine, start: Start, redis_server: Server, prefix: str, number: signal.Signals
) -> None:
    web, quiet = engine.run("web", labels={"tier": "front"}), engine.run("quiet")
    web.print("hello\n")
    quiet.print("not this\n")
    process = start("--label", "tier", "--label-field", "tier", DOCKER_HOST=f"unix://{engine.path}")
    (record,) = wait_for_records(redis_server.client(), prefix, "docker:web", 1).all
    assert record.fields is not None
    assert record.fields["tier"] == "front"
    process.send_signal(number)
    assert process.communicate(timeout=TIMEOUT) == ("", "")
    assert process.returncode == 0
    assert delivered(redis_server.client(), prefix, "docker:quiet").numbered == 0


@pytest.mark.parametrize(("environ", "services"), [("", {"web", "worker"}), ("all-of-them", {"all-of-them"})])
def test_the_service_of_the_records_is_the_containers_unless_said_otherwise(
    engine: FakeEngine, start: Start, redis_server: Server, prefix: str, environ: str, services: set[str]
) -> None:
    engine.run("web").print("x\n")
    engine.run("shop-worker-1", labels={"com.docker.compose.service": "worker"}).print("y\n")
    start("--socket", str(engine.path), "--stream", "all", TAILRACE_SERVICE=environ)
    client = redis_server.client()
    wait_for_records(client, prefix, "all", 2)
    entries: Any = client.xrange(Keys(prefix).stream("all"))
    assert {Frame.parse(entry[b"f"]).records()[0].service for _, entry in entries} == services


def test_a_second_shipper_of_the_same_engine_is_refused(
    engine: FakeEngine, start: Start, redis_server: Server, prefix: str
) -> None:
    engine.run("web").print("x\n")
    start("--socket", str(engine.path))
    wait_for_records(redis_server.client(), prefix, "docker:web", 1)
    assert "another process ships the same" in failure_of(start("--socket", str(engine.path)))


def test_a_missing_engine_is_one_line(start: Start, tmp_path: Path) -> None:
    said = failure_of(start("--socket", str(tmp_path / "no.sock")))
    assert said.startswith("tailrace: there is no Docker engine: no socket ")


def test_an_engine_that_does_not_run_is_one_line(engine: FakeEngine, start: Start) -> None:
    engine.stop()
    assert "the Docker engine does not run: nobody listens at" in failure_of(start("--socket", str(engine.path)))


def test_what_is_refused_is_one_line(engine: FakeEngine, start: Start) -> None:
    engine.faults = [Fault("/containers/json", 403, "authorization denied\nby plugin")]
    said = failure_of(start("--socket", str(engine.path)))
    assert said == "tailrace: the Docker engine answers 403: authorization denied by plugin\n"


def test_an_engine_elsewhere_is_one_line(start: Start) -> None:
    assert "tcp://10.0.0.1:2375 is no Unix socket" in failure_of(start(DOCKER_HOST="tcp://10.0.0.1:2375"))


def test_a_place_for_checkpoints_that_cannot_be_is_one_line(engine: FakeEngine, start: Start, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = failure_of(start("--socket", str(engine.path), "--checkpoints", str(tmp_path / "file")))
    assert "checkpoints can't be kept in" in said


def test_a_stream_that_cannot_be_named_is_one_line(engine: FakeEngine, start: Start) -> None:
    process = start("--socket", str(engine.path), "--stream", "{host}")
    said = process.communicate(timeout=TIMEOUT)[1]
    assert process.returncode == 2
    assert said.startswith("tailrace: stream: {host} is not known; right would be {name}, ")


def test_who_may_not_use_the_socket_is_told_what_to_do(engine: FakeEngine) -> None:
    engine.path.chmod(0)
    is_root = os.geteuid() == 0
    if is_root:
        engine.path.parent.chmod(0o755)
        os.seteuid(65534)
    try:
        with pytest.raises(EngineAway, match="add the user to group docker or run as root"):
            Engine(str(engine.path)).get("/containers/json")
    finally:
        if is_root:
            os.seteuid(0)


def test_what_is_no_engine_is_said(engine: FakeEngine) -> None:
    engine.version = "none"
    with pytest.raises(EngineError, match="does not say which version"):
        Engine(str(engine.path)).get("/containers/json")
    engine.version = "1.18"
    with pytest.raises(EngineError, match=r"speaks version 1\.18 of its API; 1\.24 is needed"):
        Engine(str(engine.path)).get("/containers/json")


def test_a_version_that_is_too_new_is_said_as_the_engine_says_it(engine: FakeEngine) -> None:
    asking = Engine(str(engine.path))
    asking.get("/containers/json")
    engine.version = "1.40"
    with pytest.raises(EngineError, match=r"answers 400: client version 1\.47 is too new"):
        asking.get("/containers/json")
    asking.forget_version()
    assert asking.get("/containers/json") == []


def test_the_socket_is_the_one_given_or_that_of_the_environment_or_the_usual_one() -> None:
    host = {"DOCKER_HOST": "unix:///run/user/1000/docker.sock"}
    assert socket_of("/a.sock", host) == "/a.sock"
    assert socket_of(None, host) == "/run/user/1000/docker.sock"
    assert socket_of(None, {}) == socket_of("unix://", {}) == SOCKET


def test_since_is_an_age_or_a_time() -> None:
    assert options_of("--since", "1767225600.5").since == 1_767_225_600_500_000_000
    assert options_of("--since", "2026-01-01T00:00:00Z").since == 1_767_225_600 * SECOND
    assert abs(options_of("--since", "10m").since - (time.time_ns() - 600 * SECOND)) < 60 * SECOND


def test_what_is_no_time_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("yesterday", "-1m", "10y", "nan", "99999-01-01"):
        with pytest.raises(SystemExit):
            options_of(f"--since={text}")
    assert "right would be an age such as 10m" in capsys.readouterr().err


def test_an_engine_that_goes_and_comes_is_said_once_each(
    engine: FakeEngine, start: Start, redis_server: Server, prefix: str
) -> None:
    web = engine.run("web")
    web.print("0\n")
    process = start("--socket", str(engine.path))
    wait_for_records(redis_server.client(), prefix, "docker:web", 1)
    engine.restart()
    wait_for(lambda: len(engine.asked("/events")) == 2, TIMEOUT, "the engine to be asked again")
    web.print("1\n")
    assert wait_for_records(redis_server.client(), prefix, "docker:web", 2).messages == ["0", "1"]
    process.terminate()
    said = process.communicate(timeout=TIMEOUT)[1].splitlines()
    assert len(said) == 2
    assert said[0].endswith("; trying again")
    assert said[1] == "tailrace: the Docker engine is there again"
