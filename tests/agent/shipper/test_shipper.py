from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tailrace.spool.slot import Slot
from tailrace.wire import Keys
from tests.agent.conftest import MakeLogger, engine_of, handler_of
from tests.agent.delivered import delivered, wait_for_records
from tests.servers import MakeRedisServer, RedisServer, Server, wait_for

NOWHERE = "redis://127.0.0.1:1/0"
MIB = 1 << 20


def test_what_is_logged_arrives_once_and_in_order(make_logger: MakeLogger, any_redis: Server, prefix: str) -> None:
    log = make_logger(any_redis.url)
    for i in range(3000):
        log.info("n %d", i)
    assert engine_of(log).flush(30)
    assert delivered(any_redis.client(), prefix, "s").messages == [f"n {i}" for i in range(3000)]


def test_errors_are_counted_when_redis_has_taken_them(
    make_logger: MakeLogger, own_redis_server: MakeRedisServer
) -> None:
    server = own_redis_server()
    log = make_logger(server.url)
    for i in range(2000):
        log.log([10, 20, 30, 40, 50][i % 5], "n %d", i)
    assert engine_of(log).flush(30)
    assert engine_of(log).errors == 800
    server.pause()
    log.error("not taken")
    assert engine_of(log).errors == 800
    server.resume()
    assert engine_of(log).flush(30)
    assert engine_of(log).errors == 801


def test_the_stream_is_listed_before_its_first_record_is_there(
    make_logger: MakeLogger, redis_server: RedisServer, prefix: str
) -> None:
    log = make_logger(redis_server.url)
    log.info("x")
    assert engine_of(log).flush(20)
    client = redis_server.client()
    score = client.zscore(Keys(prefix).streams, "s")
    born = client.hget(Keys(prefix).meta("s"), "born")
    assert score is not None
    assert isinstance(born, bytes)
    assert abs(score - int(born)) < 60_000


def test_a_redis_that_was_never_there_costs_the_application_nothing(make_logger: MakeLogger) -> None:
    log = make_logger(NOWHERE)
    for i in range(1000):
        log.info("n %d", i)
    assert not engine_of(log).flush(0.1)
    assert engine_of(log).spool.pending()


def test_a_killed_redis_with_a_log_of_its_writes_loses_nothing(
    make_logger: MakeLogger, own_redis_server: MakeRedisServer, prefix: str
) -> None:
    server = own_redis_server("--appendonly", "yes", "--appendfsync", "always")
    log = make_logger(server.url)
    for i in range(500):
        log.info("n %d", i)
    assert engine_of(log).flush(20)
    server.kill()
    for i in range(500, 1500):
        log.info("n %d", i)
    server.restart()
    assert wait_for_records(server.client(), prefix, "s", 1500).messages == [f"n {i}" for i in range(1500)]


def test_a_frozen_redis_is_waited_for_and_nothing_comes_twice(
    make_logger: MakeLogger, own_redis_server: MakeRedisServer, prefix: str
) -> None:
    server = own_redis_server()
    log = make_logger(server.url)
    log.info("n 0")
    assert engine_of(log).flush(20)
    server.pause()
    try:
        for i in range(1, 200):
            log.info("n %d", i)
        # The answer to the frame on its way is given up after two seconds, and the frame is sent again.
        assert not engine_of(log).flush(3)
    finally:
        server.resume()
    assert wait_for_records(server.client(), prefix, "s", 200).messages == [f"n {i}" for i in range(200)]


def test_an_emptied_redis_gets_a_new_numbering_and_nothing_twice(
    make_logger: MakeLogger, own_redis_server: MakeRedisServer, prefix: str
) -> None:
    server = own_redis_server()
    log = make_logger(server.url)
    for i in range(100):
        log.info("n %d", i)
    assert engine_of(log).flush(20)
    before = server.client().hget(Keys(prefix).meta("s"), "epoch")
    server.client().flushall()
    for i in range(100, 150):
        log.info("n %d", i)
    assert engine_of(log).flush(20)
    assert delivered(server.client(), prefix, "s").messages == [f"n {i}" for i in range(100, 150)]
    assert server.client().hget(Keys(prefix).meta("s"), "epoch") != before


def test_a_mark_that_is_gone_makes_a_new_producer_and_nothing_twice(
    make_logger: MakeLogger, redis_server: RedisServer, prefix: str
) -> None:
    log = make_logger(redis_server.url)
    for i in range(10):
        log.info("n %d", i)
    assert engine_of(log).flush(20)
    client = redis_server.client()
    for key in client.scan_iter(f"{prefix}:{{s}}:p:*"):
        client.delete(key)
    for i in range(10, 20):
        log.info("n %d", i)
    assert engine_of(log).flush(20)
    found = delivered(client, prefix, "s")
    assert found.messages == [f"n {i}" for i in range(20)]
    assert len(found.records) == 2
    assert sum(found.declared) == 0


def test_a_redis_that_fell_back_gets_again_what_it_lost(
    make_logger: MakeLogger, own_redis_server: MakeRedisServer, prefix: str
) -> None:
    server = own_redis_server()
    log = make_logger(server.url)
    for i in range(100):
        log.info("n %d", i)
    assert engine_of(log).flush(20)
    server.client().save()
    for i in range(100, 160):
        log.info("n %d", i)
    assert engine_of(log).flush(20)
    server.kill()
    server.restart()
    log.info("n 160")
    assert wait_for_records(server.client(), prefix, "s", 161).messages == [f"n {i}" for i in range(161)]


def test_a_refused_stream_does_not_hold_up_the_others(
    make_logger: MakeLogger, redis_server: RedisServer, prefix: str
) -> None:
    client = redis_server.client()
    client.set(Keys(prefix).stream("bad"), "no stream")
    bad, good = make_logger(redis_server.url, stream="bad"), make_logger(redis_server.url)
    for i in range(300):
        bad.info("b %d", i)
        good.info("n %d", i)
    assert wait_for_records(client, prefix, "s", 300).messages == [f"n {i}" for i in range(300)]
    client.delete(Keys(prefix).stream("bad"))
    assert wait_for_records(client, prefix, "bad", 300).messages == [f"b {i}" for i in range(300)]


def test_what_was_shed_is_declared_exactly_by_level(
    make_logger: MakeLogger, own_redis_server: MakeRedisServer, prefix: str
) -> None:
    server = own_redis_server()
    server.kill()
    log = make_logger(server.url, spool_max=MIB)
    counts = {logging.DEBUG: 0, logging.INFO: 0, logging.ERROR: 0}
    for i in range(12_000):
        for level in counts:
            if level != logging.ERROR or i % 100 == 0:
                log.log(level, "%d %s", i, "x" * 100)
                counts[level] += 1
    server.restart()
    found = wait_for_records(server.client(), prefix, "s", sum(counts.values()), timeout=60)
    kept = [sum(r.level_number == level and r.source == "logging" for r in found.all) for level in counts]
    assert found.declared[0] == counts[logging.DEBUG] - kept[0] > 0
    assert found.declared[1] == counts[logging.INFO] - kept[1] > 0
    assert found.declared[3] == counts[logging.ERROR] - kept[2]


def test_a_hole_that_nothing_follows_is_declared_by_a_notice(
    make_logger: MakeLogger, own_redis_server: MakeRedisServer, prefix: str
) -> None:
    server = own_redis_server()
    server.kill()
    log = make_logger(server.url, spool_max=MIB)
    log.debug("first")
    emitted = 1
    while not slot_of(log).hole_from:
        log.debug("%d %s", emitted, "x" * 500)
        emitted += 1
    server.restart()
    found = wait_for_records(server.client(), prefix, "s", emitted + 1, timeout=60)
    assert found.all[-1].kind == "notice"
    assert found.all[-1].source == "sdk"
    assert len(found.all) - 1 + sum(found.declared) == emitted


def test_children_of_a_fork_ship_their_own_records(
    make_logger: MakeLogger, redis_server: RedisServer, prefix: str
) -> None:
    log = make_logger(redis_server.url)
    log.info("parent before")

    def work(name: int) -> None:
        for i in range(20):
            log.info("child %d %d", name, i)

    fork = multiprocessing.get_context("fork")
    children = [fork.Process(target=work, args=(name,)) for name in range(3)]
    for child in children:
        child.start()
    log.info("parent after")
    for child in children:
        child.join(30)
        assert child.exitcode == 0
    assert engine_of(log).flush(20)
    found = delivered(redis_server.client(), prefix, "s")
    assert len(found.records) == 4, "each process is a producer of its own"
    wanted = [f"child {name} {i}" for name in range(3) for i in range(20)] + ["parent after", "parent before"]
    assert sorted(found.messages) == sorted(wanted)


PROGRAM = """
import logging, sys
import tailrace
url, prefix, spool_dir = sys.argv[1:]
tailrace.install(url=url, service="program", stream="s", prefix=prefix, spool_dir=spool_dir, level="INFO")
for i in range(200):
    logging.getLogger("app").info("n %d", i)
"""

Run = Callable[[str], "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run_program(prefix: str, tmp_path: Path) -> Run:
    """Runs a small program that logs two hundred records and ends."""

    def run(url: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", PROGRAM, url, prefix, str(tmp_path / "spool")]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    return run


def test_the_end_of_the_program_ships_the_rest_and_leaves_no_file(
    run_program: Run, redis_server: RedisServer, prefix: str, tmp_path: Path
) -> None:
    ended = run_program(redis_server.url)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert delivered(redis_server.client(), prefix, "s").messages == [f"n {i}" for i in range(200)]
    assert list((tmp_path / "spool").iterdir()) == []
    # A finished producer's mark goes soon.
    [mark] = redis_server.client().scan_iter(f"{prefix}:{{s}}:p:*")
    assert 0 < redis_server.client().ttl(mark) <= 600


def test_the_end_of_the_program_waits_for_no_dead_redis_and_leaves_the_records(
    run_program: Run, tmp_path: Path
) -> None:
    ended = run_program(NOWHERE)
    assert ended.returncode == 0
    assert "takes no records" in ended.stderr
    assert len(list((tmp_path / "spool").iterdir())) == 1


def test_the_password_of_redis_is_never_said(run_program: Run) -> None:
    ended = run_program("redis://user:geheim@127.0.0.1:1/0")
    assert "geheim" not in ended.stderr + ended.stdout


def test_a_process_that_is_stopped_and_goes_on_loses_nothing(
    redis_server: RedisServer, prefix: str, tmp_path: Path
) -> None:
    program = PROGRAM.replace('info("n %d", i)', 'info("n %d", i); print(i, flush=True)')
    command = [sys.executable, "-c", program, redis_server.url, prefix, str(tmp_path / "spool")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        os.kill(process.pid, signal.SIGSTOP)
        os.kill(process.pid, signal.SIGCONT)
        process.stdout.read()
    client = redis_server.client()
    wait_for(lambda: delivered(client, prefix, "s").numbered == 200, 20, "all records")
    assert delivered(client, prefix, "s").messages == [f"n {i}" for i in range(200)]


def slot_of(log: logging.Logger) -> Slot:
    channel = handler_of(log).emitter.channel
    assert channel is not None
    return channel.slot
