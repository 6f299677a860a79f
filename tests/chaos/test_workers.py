"""Faults of workers: killed, stopped, robbed of their descriptors. Each is judged by the checker."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from tests.agent.delivered import delivered
from tests.chaos.watch import LONG, NUMBERED, watching
from tests.servers import RedisServer

pytestmark = pytest.mark.anyio

KILLS = 200 if LONG else 20
AT_ONCE = 4

# As NUMBERED, by sixteen threads, each with a label of its own; a line says "<thread> <number>".
SIXTEEN_THREADS = """
import logging, os, sys, threading
import tailrace
from tests.e2e.numbered import level_of, message_of

tailrace.install(stream="s", level="DEBUG")
log = logging.getLogger("chaos")

def work(thread):
    for number in range(1, 10**9):
        log.log(level_of(number), message_of(f"{sys.argv[1]}.{thread}", number))
        os.write(1, b"%d %d\\n" % (thread, number))

for thread in range(16):
    threading.Thread(target=work, args=(thread,)).start()
"""

CLOSES_ALL_DESCRIPTORS = NUMBERED.replace(
    "    os.write(1,", "    if number == 2000:\n        os.closerange(3, 1000)\n    os.write(1,"
)

CONFIGURES_AGAIN = NUMBERED.replace(
    'tailrace.install(stream="s", level="DEBUG")',
    """
import logging.config
def configure():
    logging.config.dictConfig({
        "version": 1, "disable_existing_loggers": False,
        "handlers": {"tailrace": {"class": "tailrace.TailraceHandler", "stream": "s"}},
        "root": {"level": "DEBUG", "handlers": ["tailrace"]},
    })
configure()
""",
).replace("    os.write(1,", "    if number in (1000, 2000, 3000):\n        configure()\n    os.write(1,")

HUGE_MESSAGE = NUMBERED.replace(
    "    os.write(1,", "    if number == 100:\n        huge.info('x' * 10_000_000)\n    os.write(1,"
).replace(
    'log = logging.getLogger("chaos")',
    """log = logging.getLogger("chaos")
huge = logging.getLogger("huge")
huge.propagate = False
tailrace.install(stream="huge", level="DEBUG", logger=huge)""",
)


async def test_workers_killed_at_random_moments(redis_server: RedisServer, prefix: str, tmp_path: Path) -> None:
    async with watching(redis_server, prefix, tmp_path) as watch:
        steady = watch.worker("steady", 10, pause=0.01)
        for first in range(0, KILLS, AT_ONCE):
            workers = [watch.worker(f"w{i}") for i in range(first, first + AT_ONCE)]
            for worker in workers:
                worker.read(1)
            for worker in workers:
                worker.read(random.randrange(300))
                worker.kill()
        verdict = await watch.verdict()
        steady.stop()
    print(f"\n{verdict}")
    assert verdict.clean
    assert verdict.rows[0].declared == 0


async def test_sixteen_threads_as_fast_as_they_can_while_a_kill_falls(
    redis_server: RedisServer, prefix: str, tmp_path: Path
) -> None:
    async with watching(redis_server, prefix, tmp_path) as watch:
        watch.worker("steady", 1).read(1)
        returned = {"steady": 1}
        worker = watch.worker("w", script=SIXTEEN_THREADS).read(10_000).kill()
        for line in worker.returned:
            thread, number = line.split()
            returned[f"w.{thread}"] = int(number)
        verdict = await watch.verdict_of(returned, [worker.pid])
    print(f"\n{verdict}")
    assert verdict.clean


async def test_an_owner_that_is_stopped_and_goes_on(redis_server: RedisServer, prefix: str, tmp_path: Path) -> None:
    async with watching(redis_server, prefix, tmp_path) as watch:
        sibling = watch.worker("sibling", 1).read(1)
        worker = watch.worker("w").read(1000)
        os.kill(worker.pid, signal.SIGSTOP)
        # Long enough for the sibling to look for orphans several times, and for a heartbeat to be old.
        time.sleep(20 if LONG else 6)
        os.kill(worker.pid, signal.SIGCONT)
        worker.read(1000).kill()
        verdict = await watch.verdict()
        sibling.stop()
    assert verdict.clean


@pytest.mark.parametrize(
    "script",
    [CLOSES_ALL_DESCRIPTORS, CONFIGURES_AGAIN, HUGE_MESSAGE],
    ids=["all descriptors closed", "dictConfig three times under load", "a message of 10 MB"],
)
async def test_what_programs_do_to_themselves(
    script: str, redis_server: RedisServer, prefix: str, tmp_path: Path
) -> None:
    async with watching(redis_server, prefix, tmp_path) as watch:
        worker = watch.worker("w", 5000, script=script).read(5000)
        assert worker.process.poll() is None
        verdict = await watch.verdict()
        assert worker.stop().process.returncode == 0
    assert verdict.clean
    if script is HUGE_MESSAGE:
        (message,) = delivered(redis_server.client(), prefix, "huge").messages
        assert len(message) < 65_000
        assert "cut from 10000000 bytes, sha1 " in message
