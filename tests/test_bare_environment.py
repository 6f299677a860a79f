"""The agent alone: `pip install tailrace` brings redis and msgpack, and the agent's tests pass with nothing more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import ROOT

# What pip brings along, and what redis-py asks for under the oldest Pythons.
ALLOWED = {"tailrace", "redis", "msgpack", "pip", "setuptools", "async-timeout"}

# For the tests themselves. None of them is imported by the agent.
TOOLS = ("pytest", "pytest-timeout", "pytest-xdist", "hypothesis", "anyio")

# These need the relay, other libraries, or start processes by the dozen, which is no other here.
LEFT_OUT = (
    "integrations",
    "cli",
    "test_processes.py",
    "test_adoption.py",
    "test_import.py",
    "correlation/test_tracing.py",
)


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a new environment with the agent's wheel in it."""
    folder = tmp_path_factory.mktemp("bare")
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", folder, ROOT)
    (wheel,) = folder.glob("tailrace-*.whl")
    run(sys.executable, "-m", "venv", folder / "venv")
    python = folder / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", "--constraint", ROOT / "constraints.txt", wheel)
    return python


def run(*command: object, timeout: float = 300) -> str:
    environ = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        [*map(str, command)], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=timeout, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@pytest.mark.timeout(600)
def test_it_needs_redis_and_msgpack_only_and_its_tests_pass(python: Path) -> None:
    listed = run(python, "-m", "pip", "list", "--format", "freeze")
    assert {line.partition("==")[0] for line in listed.split()} <= ALLOWED
    assert run(python.parent / "tailrace", "--version").startswith("tailrace ")
    run(python, "-m", "pip", "install", "-q", "--constraint", ROOT / "constraints.txt", *TOOLS)
    ignored = [f"--ignore=tests/agent/{name}" for name in LEFT_OUT]
    options = ["-q", "-p", "no:cacheprovider", "-n", "2", "--dist", "loadfile", "-k", "not fakeredis"]
    assert " passed" in run(python, "-m", "pytest", *options, *ignored, "tests/agent")
