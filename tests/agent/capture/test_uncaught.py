"""Uncaught exceptions and warnings: each is recorded once, and handled as it was before."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tailrace.wire import Record
from tests.agent.delivered import wait_for_records
from tests.servers import ROOT, Server


class Ended(NamedTuple):
    """What became of a process."""

    records: list[Record]
    stderr: str
    exit_code: int

    def said(self, word: str) -> list[Record]:
        """The records that have it in their message or traceback."""
        return [record for record in self.records if word in record.message or word in (record.exception or "")]


Run = Callable[..., Ended]


@pytest.fixture
def run(redis_server: Server, prefix: str, tmp_path: Path) -> Run:
    """Runs a script with the agent to its end. It logs `end` last of all, at its exit."""

    def run(script: str, *, install: str = "") -> Ended:
        start = "import atexit, logging, sys, threading, warnings, tailrace\n"
        start += f"tailrace.install(stream='s', {install})\n"
        start += "atexit.register(lambda: logging.getLogger('test').error('end'))\n"
        settings = {"TAILRACE_URL": redis_server.url, "TAILRACE_PREFIX": prefix, "TAILRACE_SPOOL_DIR": str(tmp_path)}
        ended = subprocess.run(
            [sys.executable, "-c", start + script],
            env={**os.environ, **settings, "PYTHONPATH": str(ROOT / "agent"), "PYTHONWARNINGS": "default"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        records = wait_for_records(redis_server.client(), prefix, "s", 1).all
        assert [record.message for record in records][-1] == "end", ended.stderr
        return Ended(records[:-1], ended.stderr, ended.returncode)

    return run


@pytest.mark.parametrize("install", ["", "capture_output=True"])
def test_of_the_main_thread(run: Run, install: str) -> None:
    ended = run("def work():\n    raise ValueError('boom')\nwork()", install=install)
    (record,) = ended.records
    assert (record.level, record.logger, record.function) == ("CRITICAL", "uncaught", "work")
    assert record.message == "uncaught exception: ValueError: boom"
    assert record.exception is not None
    assert record.exception.startswith("Traceback")
    assert ended.stderr.count("Traceback") == ended.stderr.count("ValueError: boom") == 1
    assert ended.exit_code == 1


@pytest.mark.parametrize("install", ["", "capture_output=True"])
def test_of_another_thread(run: Run, install: str) -> None:
    ended = run(
        """
def work():
    raise ValueError('boom')
thread = threading.Thread(target=work, name='worker')
thread.start()
thread.join()
""",
        install=install,
    )
    (record,) = ended.records
    assert record.message == "uncaught exception in thread worker: ValueError: boom"
    assert (record.thread, record.function) == ("worker", "work")
    assert ended.stderr.count("ValueError: boom") == 1
    assert ended.exit_code == 0


def test_what_python_can_only_ignore(run: Run) -> None:
    ended = run(
        """
class Bad:
    def __del__(self):
        raise ValueError('boom')
Bad()
"""
    )
    (record,) = ended.records
    assert record.level == "ERROR"
    assert record.message.endswith(": ValueError: boom")
    assert "Bad.__del__" in record.message
    assert ended.stderr.count("ValueError: boom") == 1


@pytest.mark.parametrize("install", ["", "capture_output=True"])
def test_of_a_task_once_by_asyncio_itself(run: Run, install: str) -> None:
    ended = run(
        """
import asyncio
async def work():
    raise ValueError('boom')
async def main():
    task = asyncio.get_running_loop().create_task(work())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
logging.getLogger().addHandler(logging.StreamHandler())
asyncio.run(main())
""",
        install=install,
    )
    (record,) = ended.said("boom")
    assert (record.logger, record.source) == ("asyncio", "logging")
    assert ended.stderr.count("ValueError: boom") == 1


@pytest.mark.parametrize("script", ["sys.exit('that is it')", "raise KeyboardInterrupt"])
def test_what_only_ends_the_process_is_no_failure(run: Run, script: str) -> None:
    assert run(script).records == []


def test_a_hook_of_the_application_is_called_and_what_it_logs_is_enough(run: Run) -> None:
    hook = "sys.excepthook = lambda kind, error, trace: logging.critical('mine', exc_info=error)\n"
    assert [r.message for r in run(hook + "tailrace.install(stream='s')\n1/0").said("Zero")] == ["mine"]


def test_a_hook_of_the_application_that_logs_nothing_is_not_enough(run: Run) -> None:
    # It replaces ours, which a second install puts before it.
    hook = "sys.excepthook = lambda *args: print('mine', file=sys.stderr)\n"
    ended = run(hook + "tailrace.install(stream='s')\n1/0")
    assert [record.logger for record in ended.said("Zero")] == ["uncaught"]
    assert "mine" in ended.stderr


def test_an_exception_that_cannot_be_told_is_told_all_the_same(run: Run) -> None:
    ended = run(
        """
class Bad(Exception):
    def __str__(self):
        raise RuntimeError('no')
raise Bad
"""
    )
    assert [record.logger for record in ended.said("Bad")] == ["uncaught"]
    assert "Bad" in ended.stderr


def test_it_is_an_option(run: Run) -> None:
    ended = run("1/0", install="capture_exceptions=False")
    assert ended.records == []
    assert "ZeroDivisionError" in ended.stderr


@pytest.mark.parametrize("install", ["", "capture_output=True"])
def test_a_warning_is_recorded_and_shown(run: Run, install: str) -> None:
    ended = run("warnings.warn('old', DeprecationWarning)", install=install)
    (record,) = ended.records
    assert (record.level, record.logger, record.message) == ("WARNING", "py.warnings", "DeprecationWarning: old")
    assert record.line is not None
    assert ended.stderr.count("DeprecationWarning: old") == 1


@pytest.mark.parametrize(
    "script",
    [
        "logging.captureWarnings(True)\nwarnings.warn('old')",
        "warnings.resetwarnings()\nlogging.captureWarnings(True)\ntailrace.install(stream='s')\nwarnings.warn('old')",
        "logging.captureWarnings(True)\nlogging.captureWarnings(False)\nwarnings.warn('old')",
    ],
)
def test_a_warning_that_goes_through_logging_is_recorded_once(run: Run, script: str) -> None:
    assert [record.logger for record in run(script).said("old")] == ["py.warnings"]


def test_a_warning_that_the_application_catches_is_its_own(run: Run) -> None:
    ended = run(
        """
with warnings.catch_warnings(record=True) as caught:
    warnings.warn('mine')
assert len(caught) == 1
with warnings.catch_warnings():
    warnings.simplefilter('ignore')
    warnings.warn('mine')
warnings.warn('for all')
"""
    )
    assert [record.message for record in ended.records] == ["UserWarning: for all"]


def test_warnings_are_an_option(run: Run) -> None:
    ended = run("warnings.warn('old')", install="capture_warnings=False")
    assert ended.records == []
    assert "old" in ended.stderr


def test_a_handler_that_is_taken_off_has_ended_that_too(run: Run) -> None:
    ended = run(
        """
root = logging.getLogger()
(handler,) = root.handlers
root.removeHandler(handler)
warnings.warn('nobody records it')
thread = threading.Thread(target=lambda: 1/0)
thread.start()
thread.join()
root.addHandler(handler)
"""
    )
    assert ended.records == []
    assert "nobody records it" in ended.stderr
    assert "ZeroDivisionError" in ended.stderr


def test_a_handler_that_a_configuration_put_in_its_place_goes_on_for_it(run: Run) -> None:
    ended = run(
        """
import logging.config
logging.config.dictConfig({
    "version": 1, "disable_existing_loggers": False,
    "handlers": {"tailrace": {"class": "tailrace.TailraceHandler", "stream": "s"}},
    "root": {"handlers": ["tailrace"], "level": "INFO"},
})
tailrace.install(stream='s')
warnings.warn('old')
thread = threading.Thread(target=lambda: 1/0)
thread.start()
thread.join()
"""
    )
    assert ended.records[0].message == "UserWarning: old"
    assert len(ended.said("ZeroDivisionError")) == 1
    assert len(ended.records) == 2
