"""Faults of Redis under the agents: away, frozen, emptied, fallen back. Each is judged by the checker."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.chaos.watch import LONG, SOON, Watch, watching
from tests.servers import MakeRedisServer, RedisServer, wait_for, wait_for_async

pytestmark = pytest.mark.anyio

# Seconds that Redis is away; more than an answer is waited for.
AWAY = 60 if LONG else 3

# Seconds between two records of a worker.
PAUSE = 0.001

APPEND_ONLY = ("--appendonly", "yes", "--appendfsync", "always")


async def begun(watch: Watch) -> None:
    """A worker logs, and the client follows."""
    watch.worker("w", pause=PAUSE).read(500)
    await wait_for_async(lambda: watch.reached().get("w", 0) >= 500, SOON, "the client to follow")


async def judged(watch: Watch) -> None:
    """Go on for a while after the fault, and see that everything arrived."""
    watch.workers["w"].read(500).kill()
    watch.worker("sibling", 1).read(1)
    verdict = await watch.verdict()
    print(f"\n{verdict}")
    assert verdict.clean


async def test_it_is_away(own_redis_server: MakeRedisServer, prefix: str, tmp_path: Path) -> None:
    server = own_redis_server(*APPEND_ONLY)
    async with watching(server, prefix, tmp_path) as watch:
        await begun(watch)
        server.stop()
        time.sleep(AWAY)
        server.start()
        await judged(watch)


async def test_it_is_frozen(own_redis_server: MakeRedisServer, prefix: str, tmp_path: Path) -> None:
    server = own_redis_server(*APPEND_ONLY)
    async with watching(server, prefix, tmp_path) as watch:
        await begun(watch)
        server.pause()
        time.sleep(AWAY)
        server.resume()
        await judged(watch)


async def test_it_is_frozen_and_the_spools_disk_is_full(
    own_redis_server: MakeRedisServer, prefix: str, tmp_path: Path, tiny_disk: Path
) -> None:
    """What finds no room there waits in memory, as long as its process lives."""
    server = own_redis_server()
    async with watching(server, prefix, tmp_path) as watch:
        watch.spool = tiny_disk
        worker = watch.worker("w", 50_000).read(500)
        server.pause()
        worker.read(49_000)  # three times what the disk holds
        server.resume()
        wait_for(lambda: worker.last == "50000", SOON, "the last log call")
        verdict = await watch.verdict()
        print(f"\n{verdict}")
        assert verdict.clean


async def test_it_comes_back_empty(own_redis_server: MakeRedisServer, prefix: str, tmp_path: Path) -> None:
    server = own_redis_server()
    async with watching(server, prefix, tmp_path) as watch:
        await begun(watch)
        server.kill()
        server.start()
        await judged(watch)


async def test_it_is_killed_and_its_log_of_writes_has_lost_its_tail(
    own_redis_server: MakeRedisServer, prefix: str, tmp_path: Path
) -> None:
    """Records that were acknowledged and given to the client are withdrawn, and come again from the agent."""
    server = own_redis_server("--appendonly", "yes", "--appendfsync", "everysec", "--aof-load-truncated", "yes")
    async with watching(server, prefix, tmp_path) as watch:
        await begun(watch)
        server.kill()
        cut_off_tail(server, 4096)
        server.start()
        await judged(watch)


def cut_off_tail(server: RedisServer, size: int) -> None:
    """What the kernel had not written when the power went."""
    log = max(server.directory.rglob("*.incr.aof"), key=lambda file: file.stat().st_mtime)
    assert log.stat().st_size > size
    with log.open("r+b") as file:
        file.truncate(log.stat().st_size - size)
