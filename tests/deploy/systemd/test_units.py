"""The units, as far as this can be seen without systemd as process 1."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tailrace_relay.server import SHUTDOWN
from tests.agent.delivered import delivered
from tests.relay.processes import descendants
from tests.servers import ROOT, MakeRedisServer, RedisServer, free_port, wait_for

UNITS = ROOT / "deploy" / "systemd"
GATEWAY = UNITS / "tailrace-gateway@.service"
RUN = UNITS / "tailrace-run@.service"

INSTALLED = "/opt/tailrace/bin/tailrace"
HERE = Path(sys.executable).with_name("tailrace")

# Seconds; nobody waits longer than it takes.
PATIENCE = 30.0

Settings = dict[str, list[str]]


def settings_of(unit: Path) -> Settings:
    """What the unit sets: all values of each key."""
    found: Settings = {}
    for line in unit.read_text().splitlines():
        key, sign, value = line.partition("=")
        if sign and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def command_of(line: str, instance: str, environ: dict[str, str]) -> list[str]:
    """As systemd makes it: a variable that is a word of its own becomes as many words as it has."""
    words: list[str] = []
    for word in shlex.split(line.removeprefix("-").replace(INSTALLED, str(HERE)).replace("%i", instance)):
        words += environ.get(word[1:], "").split() if word.startswith("$") else [word]
    return words


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
@pytest.mark.parametrize("unit", [GATEWAY, RUN], ids=["gateway", "run"])
def test_systemd_finds_nothing_wrong(unit: Path, tmp_path: Path) -> None:
    instance = tmp_path / unit.name.replace("@", "@8000")
    instance.write_text(unit.read_text().replace(INSTALLED, str(HERE)))
    done = subprocess.run(["systemd-analyze", "verify", instance], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_gateway_has_time_to_end_and_may_do_little_else() -> None:
    unit = settings_of(GATEWAY)
    assert int(unit["TimeoutStopSec"][0]) > SHUTDOWN
    assert int(unit["LimitNOFILE"][0]) >= 65_536
    assert unit["Restart"] == ["on-failure"]
    assert unit["ProtectSystem"] == ["strict"]
    assert unit["NoNewPrivileges"] == unit["DynamicUser"] == ["yes"]


def test_a_gateway_whose_settings_are_not_usable_is_not_started_again() -> None:
    unit = settings_of(GATEWAY)
    command = command_of(unit["ExecStart"][0], str(free_port()), {})
    environ = os.environ | {"TAILRACE_URL": "nowhere"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert str(done.returncode) in unit["RestartPreventExitStatus"][0].split()
    assert done.stderr.startswith("tailrace: ")


class Service:
    """A program under the unit, without systemd."""

    def __init__(self, redis: RedisServer, prefix: str, directory: Path, command: str) -> None:
        self.unit = settings_of(RUN)
        [setting] = self.unit["Environment"]
        name, place = setting.replace("%S", str(directory)).replace("%i", "shop").split("=")
        # The service's folder is a link to a private one, where systemd makes up the user.
        (directory / "private").mkdir(mode=0o700)
        (directory / "tailrace").mkdir()
        (directory / self.unit["StateDirectory"][0].replace("%i", "shop")).symlink_to(directory / "private")
        self._given = {"COMMAND": command} if command else {}
        self.environ = os.environ | {"TAILRACE_URL": redis.url, "TAILRACE_PREFIX": prefix, name: place}
        self.spools = directory / "private" / "spool"

    def start(self) -> subprocess.Popen[str]:
        command = command_of(self.unit["ExecStart"][0], "shop", self._given)
        return subprocess.Popen(
            command, env=self.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
        )

    def after_its_stop(self) -> int:
        command = command_of(self.unit["ExecStopPost"][0], "shop", self._given)
        return subprocess.run(command, env=self.environ, timeout=PATIENCE, check=False).returncode


PROGRAM = """
import time
print("begun", flush=True)
time.sleep(99)
"""


@pytest.fixture
def program(tmp_path: Path) -> str:
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    return f"{sys.executable} {path}"


def test_a_stop_ends_the_program_and_leaves_nothing_unshipped(
    redis_server: RedisServer, prefix: str, tmp_path: Path, program: str
) -> None:
    service = Service(redis_server, prefix, tmp_path, program)
    with service.start() as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGTERM)  # to this process alone
        code = process.wait(PATIENCE)
    assert service.unit["KillMode"] == ["mixed"]
    assert str(code) in service.unit["SuccessExitStatus"]
    assert service.after_its_stop() == 0
    assert list(service.spools.iterdir()) == []
    with redis_server.client() as redis:
        started, begun, cancelled = delivered(redis, prefix, "shop").messages
    assert (started.split()[2], begun, cancelled.split()[2]) == ("started", "begun", "cancelled")


def test_what_is_left_when_the_service_is_killed_is_shipped_after_it(
    own_redis_server: MakeRedisServer, prefix: str, tmp_path: Path, program: str
) -> None:
    redis_server = own_redis_server("--appendonly", "yes")
    service = Service(redis_server, prefix, tmp_path, program)
    with service.start() as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        redis_server.stop()
        os.kill(child_of(process.pid), signal.SIGKILL)
        assert process.wait(PATIENCE) == 137
    assert service.after_its_stop() == 1  # Redis is away; the unit takes that for no failure
    redis_server.start()
    assert service.after_its_stop() == 0
    with redis_server.client() as redis:
        assert "killed by SIGKILL" in delivered(redis, prefix, "shop").messages[-1]


def child_of(pid: int) -> int:
    return wait_for(lambda: descendants(pid), PATIENCE, "the program").pop()


@pytest.mark.parametrize("command", ["", "/nowhere/program"])
def test_a_service_without_a_program_is_not_started_again(
    command: str, redis_server: RedisServer, prefix: str, tmp_path: Path
) -> None:
    service = Service(redis_server, prefix, tmp_path, command)
    with service.start() as process:
        code = process.wait(PATIENCE)
    assert str(code) in service.unit["RestartPreventExitStatus"][0].split()
