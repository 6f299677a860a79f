"""Adoption: what a killed process left arrives once, in order, with word of its death."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tailrace.adoption import _remove_if_abandoned, adopt_all, orphans
from tailrace.config import Config
from tailrace.identity import Incarnation, is_running
from tailrace.spool.head import Head, own_folders
from tailrace.spool.spool import Spool, target_of
from tailrace.wire import Keys
from tests.agent.conftest import MakeLogger, MakeSpool
from tests.agent.delivered import Delivered, delivered, wait_for_records
from tests.agent.spooling import INFO, put
from tests.agent.workers import NUMBERS, Worker
from tests.servers import MakeRedisServer, RedisServer, Server, wait_for

NOWHERE = "redis://127.0.0.1:1/0"
SOON = 20.0

MakeWorker = Callable[..., Worker]


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def make_worker(prefix: str, spool: Path) -> Iterator[MakeWorker]:
    made: list[Worker] = []

    def make(url: str, *arguments: object, script: str = NUMBERS, **settings: str) -> Worker:
        worker = Worker(script, *arguments, url=url, prefix=prefix, spool=spool, **settings)
        made.append(worker)
        return worker

    yield make
    for worker in made:
        if worker.process.poll() is None:
            worker.kill()


def folders(spool: Path) -> list[Path]:
    return list(spool.iterdir()) if spool.exists() else []


def config(url: str, prefix: str, spool: Path) -> Config:
    return Config.load({}, url=url, prefix=prefix, spool_dir=str(spool), service="adopter")


def numbers(found: Delivered, name: str) -> list[str]:
    return [message.split()[1] for message in found.messages if message.startswith(f"{name} ")]


def deaths(found: Delivered) -> list[str]:
    return [record.message for record in found.all if record.kind == "died"]


def test_a_sibling_ships_what_a_killed_worker_left_and_says_that_it_died(
    make_worker: MakeWorker, own_redis_server: MakeRedisServer, prefix: str, spool: Path
) -> None:
    server = own_redis_server()
    sibling = make_worker(server.url, "sibling", 1).read(1)
    worker = make_worker(server.url, "worker", 10**9).read(2000)
    server.pause()
    worker.read(3000).kill()
    server.resume()
    client = server.client()
    wait_for(lambda: deaths(delivered(client, prefix, "s")), SOON, "word of its death")
    found = delivered(client, prefix, "s")
    arrived = numbers(found, "worker")
    assert arrived == [str(i) for i in range(len(arrived))]
    assert set(worker.returned) <= set(arrived)
    (death,) = [record for record in found.all if record.kind == "died"]
    assert (death.level, death.source, death.logger) == ("ERROR", "sdk", "tailrace")
    assert death.fields == {"pid": worker.pid, "service": "-c", "last_seq": len(arrived)} | (death.fields or {})
    assert f"pid {worker.pid}" in death.message
    wait_for(lambda: len(folders(spool)) == 1, SOON, "its files to go")
    sibling.stop()


def test_workers_killed_again_and_again_lose_nothing_and_double_nothing(
    make_worker: MakeWorker, redis_server: RedisServer, prefix: str, spool: Path
) -> None:
    sibling = make_worker(redis_server.url, "sibling", 1).read(1)
    workers = []
    for i in range(8):
        worker = make_worker(redis_server.url, f"w{i}", 10**9)
        workers.append(worker.read(10 + 97 * i).kill())
    client = redis_server.client()
    wait_for(lambda: len(deaths(delivered(client, prefix, "s"))) == 8, SOON, "word of every death")
    found = delivered(client, prefix, "s")
    for i, worker in enumerate(workers):
        arrived = numbers(found, f"w{i}")
        assert arrived == [str(n) for n in range(len(arrived))]
        assert set(worker.returned) <= set(arrived)
    assert sum(found.declared) == 0
    sibling.stop()


def test_the_adopter_may_be_killed_too(
    make_worker: MakeWorker, own_redis_server: MakeRedisServer, prefix: str, spool: Path
) -> None:
    server = own_redis_server()
    worker = make_worker(NOWHERE.replace("127.0.0.1:1/0", server.url.removeprefix("redis://")), "worker", 10**9)
    worker.read(20_000)
    server.pause()
    worker.read(20_000).kill()
    first = make_worker(server.url, "first", 1).read(1)
    wait_for(lambda: _is_locked(spool, worker.pid), SOON, "the first to take it over")
    first.kill()
    server.resume()
    second = make_worker(server.url, "second", 1).read(1)
    client = server.client()
    wait_for(lambda: len(set(deaths(delivered(client, prefix, "s")))) == 2, SOON, "word of both deaths")
    arrived = numbers(delivered(client, prefix, "s"), "worker")
    assert arrived == [str(i) for i in range(len(arrived))]
    assert set(worker.returned) <= set(arrived)
    second.stop()


def _is_locked(spool: Path, pid: int) -> bool:
    """Whether the spool of a dead process has an owner."""
    for line in Path("/proc/locks").read_text().splitlines():
        inode = int(line.split()[5 if "->" not in line else 6].rpartition(":")[2])
        for folder in folders(spool):
            head = folder / "head"
            if head.exists() and head.stat().st_ino == inode and head.read_bytes()[32:40] == pid.to_bytes(8, "little"):
                return True
    return False


def test_an_owner_that_is_stopped_keeps_its_spool(
    make_worker: MakeWorker, redis_server: RedisServer, prefix: str, spool: Path
) -> None:
    worker = make_worker(redis_server.url, "worker", 10**9).read(100)
    os.kill(worker.pid, signal.SIGSTOP)
    try:
        place = config(redis_server.url, prefix, spool)
        assert list(orphans(place)) == []
        (folder,) = folders(spool)
        assert Head.adopt(str(folder)) is None
        assert own_folders().isdisjoint({str(folder)})
    finally:
        os.kill(worker.pid, signal.SIGCONT)
    worker.read(5000).kill()
    assert adopt_all(place, SOON)
    found = delivered(redis_server.client(), prefix, "s")
    arrived = numbers(found, "worker")
    assert arrived == [str(i) for i in range(len(arrived))]
    assert set(worker.returned) <= set(arrived)
    assert len(deaths(found)) == 1


def test_who_said_goodbye_is_not_said_to_have_died(
    make_worker: MakeWorker, own_redis_server: MakeRedisServer, prefix: str, spool: Path
) -> None:
    server = own_redis_server()
    server.stop()
    worker = make_worker(server.url, "worker", 100).read(100).stop()
    assert len(folders(spool)) == 1
    server.start()
    assert adopt_all(config(server.url, prefix, spool), SOON)
    found = delivered(server.client(), prefix, "s")
    assert numbers(found, "worker") == worker.returned
    assert deaths(found) == []
    assert folders(spool) == []


def test_what_was_shed_is_declared_by_the_adopter(any_redis: Server, prefix: str, spool: Path) -> None:
    place = config(any_redis.url, prefix, spool)
    folder = _orphan(place, _shed_some)
    assert list(orphans(place)) == [folder]
    assert adopt_all(place, SOON)
    found = wait_for_records(any_redis.client(), prefix, "s", 9)
    assert [record.kind for record in found.all] == ["log", "log", "died"]
    assert found.declared == [3, 1, 2, 0, 0]


def _shed_some(orphan: Spool) -> None:
    slot = orphan.slot("s")
    put(orphan, slot, "kept")
    for kind in (0, 0, 1, 2):
        slot.shed(kind)
    put(orphan, slot, "kept too")
    slot.shed(0)
    slot.shed(2)


def _orphan(place: Config, write: Callable[[Spool], object]) -> str:
    """The folder of a spool whose owner ran before this machine was booted."""
    orphan = Spool.open(place)
    write(orphan)
    folder = orphan.folder
    assert folder is not None
    orphan.head.map[48:64] = b"another boot ID."
    orphan.head.close()
    return folder


def test_what_redis_has_is_not_sent_again(redis_server: RedisServer, make_logger: MakeLogger, prefix: str) -> None:
    """The owner died between Redis's answer and its own note of it."""
    log = make_logger(redis_server.url)
    for i in range(100):
        log.info("%d", i)
    channel = log.handlers[0].emitter.channel  # type: ignore[attr-defined]
    client = redis_server.client()
    wait_for_records(client, prefix, "s", 100)
    wait_for(lambda: channel.slot.acked == 100, SOON, "the acknowledgement")
    place = config(redis_server.url, prefix, Path(channel.spool.folder).parent)
    channel.engine.shipper.finish(1.0)
    words, at = channel.spool.head.words, channel.slot._at
    words[at + 1] = 40
    channel.spool.head.map[48:64] = b"another boot ID."
    channel.spool.head.close()
    assert adopt_all(place, SOON)
    found = delivered(client, prefix, "s")
    assert [message for message in found.messages if message.isdigit()] == [str(i) for i in range(100)]
    assert len(deaths(found)) == 1


def test_a_torn_segment_loses_what_is_behind_it_and_declares_it(
    redis_server: RedisServer, prefix: str, spool: Path
) -> None:
    def write(orphan: Spool) -> None:
        for i in range(2000):
            put(orphan, orphan.slot("s"), f"message {i:04}")

    place = config(redis_server.url, prefix, spool)
    folder = _orphan(place, write)
    first = sorted(Path(folder).glob("*.seg"))[0]
    data = bytearray(first.read_bytes())
    data[data.index(b"message 0100")] ^= 1
    first.write_bytes(data)
    assert adopt_all(place, SOON)
    found = delivered(redis_server.client(), prefix, "s")
    arrived = [message for message in found.messages if message.startswith("message")]
    assert arrived[:100] == [f"message {i:04}" for i in range(100)]
    assert arrived[-1] == "message 1999"
    assert len(arrived) + sum(found.declared) == 2000


def test_damaged_files_are_left_alone_and_said_once(
    redis_server: RedisServer, prefix: str, spool: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    place = config(redis_server.url, prefix, spool)
    folder = Path(_orphan(place, lambda orphan: put(orphan, orphan.slot("s"), "text")))
    head = bytearray((folder / "head").read_bytes())
    head[8:16] = (99).to_bytes(8, "little")
    (folder / "head").write_bytes(head)
    long_ago = time.time() - 60
    for path in (folder / "head", folder):
        os.utime(path, (long_ago, long_ago))
    assert list(orphans(place)) == []
    assert folder.exists()


def test_a_folder_that_was_never_finished_is_removed_when_it_is_old(prefix: str, spool: Path) -> None:
    young, old, headless = (spool / (digit * 32) for digit in "abc")
    for folder in (young, old, headless):
        folder.mkdir(parents=True, mode=0o700)
    for folder in (young, old):
        (folder / "head").write_bytes(bytes(4096))
    long_ago = time.time() - 60
    os.utime(old / "head", (long_ago, long_ago))
    os.utime(old, (long_ago, long_ago))
    os.utime(headless, (long_ago, long_ago))
    stranger = spool / "not-a-spool"
    stranger.mkdir()
    assert list(orphans(config(NOWHERE, prefix, spool))) == []
    assert set(folders(spool)) == {young, stranger}


def test_spools_of_another_redis_or_prefix_are_left_alone(prefix: str, spool: Path) -> None:
    put_one = partial(_put_one)
    _orphan(config(NOWHERE, prefix, spool), put_one)
    assert list(orphans(config("redis://127.0.0.1:2/0", prefix, spool))) == []
    assert list(orphans(config(NOWHERE, f"{prefix}x", spool))) == []
    assert len(list(orphans(config(NOWHERE, prefix, spool)))) == 1
    assert target_of(config("redis://user:secret@127.0.0.1:1/0", prefix, spool)) == target_of(
        config(NOWHERE, prefix, spool)
    )


def _put_one(orphan: Spool, name: str = "s") -> None:
    put(orphan, orphan.slot(name), "text", INFO)


def test_a_process_is_dead_for_sure_before_it_is_adopted() -> None:
    me = Incarnation.current()
    now = time.time_ns() // 1000
    other_boot = Incarnation(me.pid, me.started, b"x" * 16, me.namespace)
    reused_pid = Incarnation(me.pid, me.started - 1, me.boot, me.namespace)
    elsewhere = Incarnation(1, 1, me.boot, me.namespace + 1)
    assert is_running(me, 0)
    assert not is_running(other_boot, now)
    assert not is_running(reused_pid, now)
    assert is_running(elsewhere, now)
    assert not is_running(elsewhere, now - 6_000_000)


def test_its_own_spool_is_never_opened_again(make_spool: MakeSpool) -> None:
    own = make_spool()
    assert own.folder is not None
    assert own.folder in own_folders()
    assert Head.adopt(own.folder) is None


def test_marks_of_the_dead_go_soon(redis_server: RedisServer, prefix: str, spool: Path) -> None:
    place = config(redis_server.url, prefix, spool)
    _orphan(place, _put_one)
    assert adopt_all(place, SOON)
    client = redis_server.client()
    marks = list(client.scan_iter(f"{Keys(prefix).stream('s')}:p:*"))
    assert len(marks) == 1
    assert 0 < client.pttl(marks[0]) <= 600_000


def test_a_folder_that_goes_while_it_is_looked_at_is_no_trouble(prefix: str, spool: Path) -> None:
    place = config(NOWHERE, prefix, spool)
    _orphan(place, _put_one)
    for folder in orphans(place):
        shutil.rmtree(folder)
    missing = str(spool / ("d" * 32))
    _remove_if_abandoned(missing)
    assert list(orphans(place)) == []


def test_a_stream_that_redis_refuses_keeps_no_other_spool_waiting(
    redis_server: RedisServer, prefix: str, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tailrace.adoption.PATIENCE", 0.5)
    place = config(redis_server.url, prefix, spool)
    names = [f"s{number}" for number in range(6)]
    for name in names:
        _orphan(place, partial(_put_one, name=name))
    client = redis_server.client()
    client.set(Keys(prefix).stream("s3"), "in the way")
    assert not adopt_all(place, SOON)
    assert all(delivered(client, prefix, name).messages[0] == "text" for name in names if name != "s3")
    client.delete(Keys(prefix).stream("s3"))
    assert adopt_all(place, SOON)
    assert delivered(client, prefix, "s3").messages[0] == "text"


def test_attempts_in_vain_leave_nothing_behind(prefix: str, spool: Path) -> None:
    place = config(NOWHERE, prefix, spool)
    folder = _orphan(place, _put_one)
    for _ in range(5):
        assert not adopt_all(place, 0.05)
    # What it left, and the word of its death.
    assert len(list(Path(folder).glob("*.seg"))) == 2


def test_records_of_a_stream_whose_name_is_lost_keep_no_others_waiting(
    redis_server: RedisServer, prefix: str, spool: Path
) -> None:
    """A machine went down before all pages of the head were on the disk."""

    def write(orphan: Spool) -> None:
        for number in range(40):
            put(orphan, orphan.slot(f"s{number}"), "text")

    place = config(redis_server.url, prefix, spool)
    head = Path(_orphan(place, write)) / "head"
    data = bytearray(head.read_bytes())
    data[8192:12288] = bytes(4096)
    head.write_bytes(data)
    assert adopt_all(place, SOON)
    client = redis_server.client()
    arrived = [name for name in (f"s{number}" for number in range(40)) if delivered(client, prefix, name).all]
    assert len(arrived) == 40 - 16


def test_a_spool_of_another_user_is_left_alone(prefix: str, spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = config(NOWHERE, prefix, spool)
    _orphan(place, _put_one)
    stranger = os.getuid() + 1
    monkeypatch.setattr(os, "getuid", lambda: stranger)
    assert list(orphans(place)) == []


def test_a_place_that_everybody_can_write_to_is_not_looked_into(prefix: str, spool: Path) -> None:
    place = config(NOWHERE, prefix, spool)
    _orphan(place, _put_one)
    spool.chmod(0o777)
    assert list(orphans(place)) == []
    spool.chmod(0o700)
    assert len(list(orphans(place))) == 1
