"""Presence: a process that logs is listed while it lives, says goodbye, and is lost when it is killed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from tailrace.wire import Keys
from tailrace.wire.presence import REMEMBERED, Announcement, State
from tests.agent.workers import NUMBERS, Worker
from tests.servers import MakeRedisServer, RedisServer, Server, wait_for

SOON = 30.0


def said(client: redis.Redis, prefix: str) -> dict[int, Announcement]:
    keys = Keys(prefix)
    found: Any = client.zrange(keys.agents, 0, -1)
    names = [name.decode() for name in found]
    packed = [client.get(keys.agent(name)) for name in names]
    announced = [Announcement.parse(each) for each in packed if isinstance(each, bytes)]
    return {each.pid: each for each in announced}


def now(client: redis.Redis) -> int:
    seconds, micros = client.time()
    return int(seconds) * 1000 + int(micros) // 1000


@pytest.fixture
def workers() -> Iterator[list[Worker]]:
    started: list[Worker] = []
    yield started
    for worker in started:
        if worker.process.returncode is None:
            worker.kill()


def test_it_says_who_runs_and_how_far_it_is(
    any_redis: Server, prefix: str, tmp_path: Path, workers: list[Worker]
) -> None:
    client = any_redis.client()
    settings = {"TAILRACE_SERVICE": "shop"}
    worker = Worker(NUMBERS, "w", 100, url=any_redis.url, prefix=prefix, spool=tmp_path / "spool", **settings)
    workers.append(worker.read(100))
    wait_for(lambda: said(client, prefix).get(worker.pid), SOON, "its first word")
    wait_for(lambda: said(client, prefix)[worker.pid].shipped == 100, SOON, "its count")
    found = said(client, prefix)[worker.pid]
    assert (found.service, found.emitted, found.streams, found.lag) == ("shop", 100, ("s",), 0)
    assert (found.spool_bytes, found.refused, found.shed) == (0, 0, (0, 0, 0, 0, 0))
    assert found.state(now(client)) is State.RUNNING
    ms, n = (int(word) for word in client.hmget(Keys(prefix).meta("s"), "ms", "n") if word)
    assert found.last == {"stream": "s", "id": f"{ms}-{n}"}
    at = found.at
    wait_for(lambda: said(client, prefix)[worker.pid].at > at, SOON, "the next word of an idle process")
    _, _, errors, lost = said(client, prefix)[worker.pid].recent
    assert (errors, lost) == (0, 0)
    worker.stop()
    ended = said(client, prefix)[worker.pid]
    assert ended.state(now(client)) is State.EXITED
    keys = Keys(prefix)
    assert 0 < client.pttl(keys.agent(ended.instance)) <= 60_000
    assert 0 < client.pttl(keys.agents) <= REMEMBERED


def test_a_process_that_lives_for_a_moment_is_listed_too(
    any_redis: Server, prefix: str, tmp_path: Path, workers: list[Worker]
) -> None:
    client = any_redis.client()
    worker = Worker(NUMBERS, "w", 1, url=any_redis.url, prefix=prefix, spool=tmp_path / "spool")
    workers.append(worker.read(1))
    worker.stop()
    found = said(client, prefix)[worker.pid]
    assert (found.state(now(client)), found.emitted, found.shipped) == (State.EXITED, 1, 1)


def test_who_is_killed_is_lost_within_ten_seconds(
    redis_server: RedisServer, prefix: str, tmp_path: Path, workers: list[Worker]
) -> None:
    client = redis_server.client()
    worker = Worker(NUMBERS, "w", 1, url=redis_server.url, prefix=prefix, spool=tmp_path / "spool").read(1)
    workers.append(worker)
    wait_for(lambda: said(client, prefix).get(worker.pid), SOON, "its first word")
    worker.kill()
    killed = now(client)
    assert said(client, prefix)[worker.pid].state(killed + 10_000) is State.LOST


def test_an_idle_process_is_listed_again_after_redis_was_away(
    own_redis_server: MakeRedisServer, prefix: str, tmp_path: Path, workers: list[Worker]
) -> None:
    server = own_redis_server()
    worker = Worker(NUMBERS, "w", 1, url=server.url, prefix=prefix, spool=tmp_path / "spool").read(1)
    workers.append(worker)
    wait_for(lambda: said(server.client(), prefix), SOON, "its first word")
    server.kill()
    wait_for(lambda: os.path.exists(f"/proc/{worker.pid}"), SOON, "it to live")
    server.start()
    wait_for(lambda: said(server.client(), prefix).get(worker.pid), SOON, "its word after the outage")


def test_a_user_that_may_not_announce_ships_all_the_same(
    own_redis_server: MakeRedisServer, prefix: str, tmp_path: Path, workers: list[Worker]
) -> None:
    server = own_redis_server()
    client = server.client()
    rights = [f"~{prefix}:{{*", f"~{prefix}:streams", "&*", "+@all"]
    client.execute_command("ACL", "SETUSER", "app", "on", ">geheim", *rights)  # type: ignore[no-untyped-call]
    url = server.url.replace("redis://", "redis://app:geheim@")
    worker = Worker(NUMBERS, "w", 10**9, url=url, prefix=prefix, spool=tmp_path / "spool").read(100)
    workers.append(worker)
    length = client.xlen(Keys(prefix).stream("s"))
    wait_for(lambda: int(client.hget(Keys(prefix).meta("s"), "n") or 0) > 50_000 + length, SOON, "it to go on")
    assert said(client, prefix) == {}
