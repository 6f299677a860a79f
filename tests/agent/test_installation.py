from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tailrace
from tailrace import ConfigError, TailraceHandler

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[logging.Logger]:
    """The root logger, given back as it was."""
    monkeypatch.setenv("TAILRACE_SPOOL_DIR", str(tmp_path))
    logger = logging.getLogger()
    handlers, level = list(logger.handlers), logger.level
    yield logger
    logger.handlers[:] = handlers
    logger.setLevel(level)


def ours(logger: logging.Logger) -> list[logging.Handler]:
    return [handler for handler in logger.handlers if isinstance(handler, TailraceHandler)]


def test_it_adds_one_handler_to_root_however_often_it_is_called(root: logging.Logger) -> None:
    tailrace.install(NOWHERE, service="a")
    tailrace.install(NOWHERE, service="a")
    assert len(ours(root)) == 1


def test_it_lowers_the_level_of_root_and_never_raises_it(root: logging.Logger) -> None:
    root.setLevel(logging.WARNING)
    tailrace.install(NOWHERE, service="a", level="INFO")
    assert root.level == logging.INFO
    tailrace.install(NOWHERE, service="a", level="ERROR")
    assert root.level == logging.INFO


def test_a_setting_that_is_not_usable_is_said_at_once(root: logging.Logger) -> None:
    with pytest.raises(ConfigError, match="not a stream name"):
        tailrace.install(NOWHERE, stream="a b")
    assert not ours(root)


def test_the_agent_needs_redis_and_msgpack_and_nothing_else(tmp_path: Path) -> None:
    program = (
        "import sys, tailrace, tailrace.cli, tailrace.spool_reader\n"
        "print(' '.join({name.partition('.')[0] for name in sys.modules}))"
    )
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True)
    loaded = set(ended.stdout.split())
    relay = {"fastapi", "starlette", "uvicorn", "msgspec", "pydantic", "typer", "rich", "websockets", "tailrace_relay"}
    assert not loaded & relay
