"""Celery: a worker whose processes are recycled after each task loses nothing, nor does one that is told to stop."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.apps.programs import SOON, Read, Start, read, start
from tests.servers import RedisServer, wait_for

__all__ = ["read", "start"]

TASKS = 20

# Log calls of either kind in one task; it takes two seconds.
NUMBERS = 200

WORKER = ["-m", "celery", "-A", "tests.apps.shop", "worker", "--loglevel", "INFO", "--without-gossip"]
WORKER += ["--without-mingle"]

Send = Callable[[str], None]


@pytest.fixture
def environ(redis_server: RedisServer, prefix: str) -> dict[str, str]:
    """Where tasks are sent to."""
    return {"BROKER": redis_server.url, "QUEUE": prefix}


@pytest.fixture
def send(start: Start, environ: dict[str, str]) -> Send:
    """Sends tasks by a process of its own."""

    def send(program: str) -> None:
        assert start("-c", f"import tailrace\nfrom tests.apps.shop import *\n{program}", **environ).wait(60) == 0

    return send


def heard(read: Read, what: str) -> list[int]:
    """The numbers of the records that begin so."""
    return sorted(int(text.rpartition(" ")[2]) for text in read().messages if text.startswith(what))


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "way",
    [{}, {"DICT_CONFIG": "1"}, {"LEAVE_ROOT_LOGGER": "1"}, {"DICT_CONFIG": "1", "LEAVE_ROOT_LOGGER": "1"}],
    ids=["install", "dictConfig", "install, root logger left", "dictConfig, root logger left"],
)
def test_twenty_tasks_in_twenty_processes_are_all_heard(
    start: Start, read: Read, send: Send, environ: dict[str, str], way: dict[str, str]
) -> None:
    start(*WORKER, "--concurrency", "2", "--max-tasks-per-child", "1", **environ, **way)
    send(f"with tailrace.bind(order='o1'):\n    for number in range({TASKS}):\n        pay.delay(number)")
    kinds = ("task logger ", "logging ", "printed ")
    wait_for(lambda: all(len(heard(read, kind)) >= TASKS for kind in kinds), 2 * SOON, "all tasks")
    for kind in kinds:
        assert heard(read, kind) == list(range(TASKS))
    found = [record for record in read().all if record.message.startswith(("task logger ", "logging "))]
    assert {(record.fields or {}).get("celery_task") for record in found} == {"pay"}
    assert {(record.fields or {}).get("order") for record in found} == {"o1"}
    assert len({(record.fields or {}).get("celery_task_id") for record in found}) == TASKS


@pytest.mark.timeout(180)
@pytest.mark.parametrize("way", [{}, {"LEAVE_ROOT_LOGGER": "1"}], ids=["install", "root logger left"])
def test_a_task_that_raises_is_recorded_once_with_its_traceback(
    start: Start, read: Read, send: Send, environ: dict[str, str], way: dict[str, str]
) -> None:
    start(*WORKER, "--concurrency", "1", **environ, **way)
    send("refuse.delay(); pay.delay(7)")
    wait_for(lambda: heard(read, "printed ") == [7], SOON, "the task behind it")
    told = [record for record in read().all if "it was refused" in (record.exception or record.message)]
    (record,) = told
    assert (record.logger, record.level) == ("celery.app.trace", "ERROR")
    assert "in refuse" in (record.exception or "")
    assert (record.fields or {}).get("celery_task") == "refuse"


@pytest.mark.timeout(180)
@pytest.mark.parametrize("pool", ["prefork", "threads", "solo"])
def test_a_worker_that_is_told_to_stop_ends_its_task_and_loses_nothing(
    start: Start, read: Read, send: Send, environ: dict[str, str], pool: str, tmp_path: Path
) -> None:
    worker: subprocess.Popen[bytes] = start(*WORKER, "--concurrency", "1", "--pool", pool, **environ)
    send(f"count.delay({NUMBERS})")
    wait_for(lambda: 5 in heard(read, "logging "), SOON, "the task to begin")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(SOON) == 0
    for kind in ("task logger ", "logging "):
        assert heard(read, kind) == list(range(NUMBERS))
    found = read().all
    assert [record.message for record in found if record.kind == "died"] == []
    assert list((tmp_path / "spool").iterdir()) == []
