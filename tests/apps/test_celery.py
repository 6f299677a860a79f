"""Celery: a worker whose processes are recycled after each task loses nothing."""

from __future__ import annotations

import pytest

from tests.apps.programs import SOON, Read, Start, read, start
from tests.servers import RedisServer, wait_for

__all__ = ["read", "start"]

TASKS = 20

SEND = """
import tailrace
from tests.apps.shop import pay
with tailrace.bind(order="o1"):
    for number in range(20):
        pay.delay(number)
"""


@pytest.mark.timeout(180)
@pytest.mark.parametrize("way", [{}, {"DICT_CONFIG": "1"}], ids=["install", "dictConfig"])
def test_twenty_tasks_in_twenty_processes_are_all_heard(
    start: Start, read: Read, redis_server: RedisServer, prefix: str, way: dict[str, str]
) -> None:
    environ = {"BROKER": redis_server.url, "QUEUE": prefix, **way}
    worker = ["-m", "celery", "-A", "tests.apps.shop", "worker", "--concurrency", "2", "--max-tasks-per-child", "1"]
    start(*worker, "--loglevel", "INFO", "--without-gossip", "--without-mingle", **environ)
    assert start("-c", SEND, **environ).wait(60) == 0

    def heard(what: str) -> list[int]:
        return sorted(int(text.rpartition(" ")[2]) for text in read().messages if text.startswith(what))

    kinds = ("task logger ", "logging ", "printed ")
    wait_for(lambda: all(len(heard(kind)) >= TASKS for kind in kinds), 2 * SOON, "all tasks")
    for kind in kinds:
        assert heard(kind) == list(range(TASKS))
    found = [record for record in read().all if record.message.startswith(("task logger ", "logging "))]
    assert {(record.fields or {}).get("celery_task") for record in found} == {"pay"}
    assert {(record.fields or {}).get("order") for record in found} == {"o1"}
    assert len({(record.fields or {}).get("celery_task_id") for record in found}) == TASKS
