"""The sender: whatever Redis does, each record of a source arrives once, or is declared lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tailrace.config import Config
from tailrace.source.checkpoint import Checkpoint, Job
from tailrace.source.sender import RedisStaysAway, Rewind, Sender, Stopped
from tailrace.wire.keys import Keys
from tailrace.wire.record import Record
from tests.agent.delivered import Delivered, delivered
from tests.servers import MakeRedisServer, Server

MakeSender = Callable[..., Sender]


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path / "job")


@pytest.fixture
def checkpoint(folder: str) -> Checkpoint:
    job = Job(folder)
    found = job.new({"at": 0}, "s")
    job.close()
    return found


@pytest.fixture
def make_sender(any_redis: Server, prefix: str) -> MakeSender:
    def make(url: str = any_redis.url, **options: Any) -> Sender:
        config = Config.load({}, url=url, prefix=prefix, service="files")
        return Sender(config, **options)

    return make


def records(first: int, last: int) -> list[Record]:
    now = time.time_ns() // 1000
    return [Record(time=now, level_number=20, logger="l", message=str(n)) for n in range(first, last + 1)]


def send(sender: Sender, checkpoint: Checkpoint, first: int, last: int) -> None:
    sender.send(checkpoint, records(first, last), {"at": last})


def successor(folder: str, sender: Sender) -> tuple[Checkpoint, int]:
    """What another run begins with: the checkpoint, and how many records to pass over."""
    (found,) = Job(folder).checkpoints()
    return found, sender.resume(found)


def arrived(server: Server, prefix: str) -> Delivered:
    return delivered(server.client(), prefix, "s")


def test_records_arrive_in_order_and_the_checkpoint_follows(
    make_sender: MakeSender, any_redis: Server, prefix: str, checkpoint: Checkpoint
) -> None:
    sender = make_sender()
    send(sender, checkpoint, 1, 3)
    send(sender, checkpoint, 4, 4)
    assert arrived(any_redis, prefix).messages == ["1", "2", "3", "4"]
    assert (checkpoint.seq, checkpoint.position) == (4, {"at": 4})


def test_a_frame_whose_answer_was_not_read_is_not_sent_again(
    make_sender: MakeSender, any_redis: Server, prefix: str, checkpoint: Checkpoint, folder: str
) -> None:
    sender = make_sender()
    send(sender, checkpoint, 1, 3)  # the file says that they are on their way, and no more
    found, skip = successor(folder, sender)
    assert (found.position, found.seq, skip) == ({"at": 3}, 3, 0)
    send(sender, found, 4, 4)
    assert arrived(any_redis, prefix).messages == ["1", "2", "3", "4"]


def test_a_frame_that_never_left_is_read_again(
    make_sender: MakeSender, any_redis: Server, prefix: str, checkpoint: Checkpoint, folder: str
) -> None:
    sender = make_sender()
    send(sender, checkpoint, 1, 3)
    checkpoint.intend(5, {"at": 5})
    found, skip = successor(folder, sender)
    assert (found.position, found.seq, skip) == ({"at": 3}, 3, 0)
    send(sender, found, 4, 5)
    assert arrived(any_redis, prefix).messages == ["1", "2", "3", "4", "5"]


def test_what_redis_has_beyond_the_checkpoint_is_passed_over(
    make_sender: MakeSender, any_redis: Server, prefix: str, checkpoint: Checkpoint, folder: str
) -> None:
    sender = make_sender()
    send(sender, checkpoint, 1, 3)
    checkpoint.settle()
    (old,) = Job(folder).checkpoints()  # as a machine that went down would have it
    send(sender, checkpoint, 4, 6)
    skip = sender.resume(old)
    assert (old.position, skip) == ({"at": 3}, 3)
    send(sender, old, 7, 7)
    assert arrived(any_redis, prefix).messages == [str(n) for n in range(1, 8)]


def test_a_source_that_nobody_has_read_asks_nothing(make_sender: MakeSender, checkpoint: Checkpoint) -> None:
    assert make_sender("redis://127.0.0.1:1/0", timeout=0).resume(checkpoint) == 0


def test_an_emptied_redis_gets_what_comes(
    make_sender: MakeSender, any_redis: Server, prefix: str, checkpoint: Checkpoint
) -> None:
    sender = make_sender()
    send(sender, checkpoint, 1, 3)
    redis: Any = any_redis.client()
    redis.delete(*redis.keys(f"{prefix}:*"))
    send(sender, checkpoint, 4, 6)
    assert arrived(any_redis, prefix).messages == ["4", "5", "6"]
    assert checkpoint.seq == 3


def test_after_an_emptied_redis_a_successor_sends_what_was_on_its_way(
    make_sender: MakeSender, any_redis: Server, prefix: str, checkpoint: Checkpoint, folder: str
) -> None:
    sender = make_sender()
    send(sender, checkpoint, 1, 3)
    redis: Any = any_redis.client()
    redis.delete(*redis.keys(f"{prefix}:*"))
    found, skip = successor(folder, sender)
    assert (found.position, skip) == ({"at": 0}, 0)
    send(sender, found, 1, 3)
    assert arrived(any_redis, prefix).messages == ["1", "2", "3"]


def set_back(server: Server, prefix: str, checkpoint: Checkpoint, to: int) -> None:
    """As after a failover that lost records: what Redis has of the producer ends earlier."""
    redis: Any = server.client()
    keys = Keys(prefix)
    mark = keys.mark("s", checkpoint.producer)
    for entry, _ in redis.xrevrange(keys.stream("s")):
        if int(entry.rpartition(b"-")[2]) > to:
            redis.xdel(keys.stream("s"), entry)
    last = redis.xrevrange(keys.stream("s"), count=1)[0][0].decode()
    redis.set(mark, f"{to} {last}")
    redis.hset(keys.meta("s"), "n", str(to))


def test_what_redis_has_lost_is_read_again(
    make_sender: MakeSender, any_redis: Server, prefix: str, checkpoint: Checkpoint
) -> None:
    sender = make_sender()
    for number in range(1, 6):
        send(sender, checkpoint, number, number)
    set_back(any_redis, prefix, checkpoint, 2)
    with pytest.raises(Rewind) as back:
        send(sender, checkpoint, 6, 6)
    assert (back.value.position, back.value.skip) == ({"at": 2}, 0)
    send(sender, checkpoint, 3, 6)
    assert arrived(any_redis, prefix).messages == ["1", "2", "3", "4", "5", "6"]


def test_a_redis_that_fell_back_behind_the_first_frame_gets_all_of_it_again(
    make_sender: MakeSender, any_redis: Server, prefix: str, folder: str
) -> None:
    sender, job = make_sender(), Job(folder)
    before, ours = job.new({"at": 0}, "s"), job.new({"at": 0}, "s")
    send(sender, before, 1, 1)
    for number in (2, 3):
        send(sender, ours, number, number)
    set_back(any_redis, prefix, before, 1)
    redis: Any = any_redis.client()
    redis.delete(Keys(prefix).mark("s", ours.producer))
    with pytest.raises(Rewind) as back:
        send(sender, ours, 4, 4)
    assert (back.value.position, back.value.skip) == ({"at": 0}, 0)
    send(sender, ours, 2, 4)
    assert arrived(any_redis, prefix).messages == ["1", "2", "3", "4"]


def test_a_mark_that_is_only_gone_costs_nothing(
    make_sender: MakeSender, any_redis: Server, prefix: str, checkpoint: Checkpoint
) -> None:
    sender = make_sender()
    send(sender, checkpoint, 1, 3)
    redis: Any = any_redis.client()
    redis.delete(Keys(prefix).mark("s", checkpoint.producer))
    send(sender, checkpoint, 4, 4)
    assert arrived(any_redis, prefix).messages == ["1", "2", "3", "4"]


def test_what_can_not_be_read_again_is_declared(
    make_sender: MakeSender, any_redis: Server, prefix: str, checkpoint: Checkpoint, folder: str
) -> None:
    sender = make_sender()
    for number in range(1, 6):
        send(sender, checkpoint, number, number)
    checkpoint.settle()
    set_back(any_redis, prefix, checkpoint, 2)
    (found,) = Job(folder).checkpoints()  # another run remembers nothing of the way
    send(sender, found, 6, 6)
    found_there = arrived(any_redis, prefix)
    assert found_there.messages == ["1", "2", "6"]
    assert sum(found_there.declared) == 3


def test_a_redis_that_is_away_is_waited_for(
    own_redis_server: MakeRedisServer, make_sender: MakeSender, prefix: str, checkpoint: Checkpoint
) -> None:
    server = own_redis_server()
    server.kill()
    sender = make_sender(server.url)
    thread = threading.Thread(target=send, args=(sender, checkpoint, 1, 2))
    thread.start()
    server.start()
    thread.join(60)
    assert arrived(server, prefix).messages == ["1", "2"]


def test_waiting_ends_when_it_is_told_to(make_sender: MakeSender, checkpoint: Checkpoint) -> None:
    stopped = threading.Event()
    sender = make_sender("redis://127.0.0.1:1/0", stopped=stopped, say=lambda text: stopped.set())
    with pytest.raises(Stopped):
        send(sender, checkpoint, 1, 1)


def test_waiting_ends_after_the_time_for_it(make_sender: MakeSender, checkpoint: Checkpoint) -> None:
    said: list[str] = []
    sender = make_sender("redis://127.0.0.1:1/0", timeout=0.1, say=said.append)
    with pytest.raises(RedisStaysAway):
        send(sender, checkpoint, 1, 1)
    assert "takes no records" in said[0]


def test_a_stream_that_redis_refuses_is_said_and_tried_again(
    make_sender: MakeSender, any_redis: Server, prefix: str, checkpoint: Checkpoint
) -> None:
    redis: Any = any_redis.client()
    keys = Keys(prefix)
    redis.set(keys.stream("s"), "in the way")

    def mend(text: str) -> None:
        assert "refuses" in text
        redis.delete(keys.stream("s"))

    send(make_sender(say=mend), checkpoint, 1, 1)
    assert arrived(any_redis, prefix).messages == ["1"]


def test_it_is_listed_among_the_agents(
    make_sender: MakeSender, any_redis: Server, prefix: str, checkpoint: Checkpoint
) -> None:
    sender = make_sender()
    send(sender, checkpoint, 1, 3)
    redis: Any = any_redis.client()
    (instance,) = redis.zrange(Keys(prefix).agents, 0, -1)
    said = redis.get(Keys(prefix).agent(instance.decode()))
    assert b'"service":"files"' in said
    assert b'"emitted":3,"shipped":3' in said
    sender.close()
    assert b'"ended":true' in redis.get(Keys(prefix).agent(instance.decode()))


def test_presence_says_its_newest_record_and_counts_errors(
    make_sender: MakeSender, any_redis: Server, prefix: str, checkpoint: Checkpoint
) -> None:
    sender = make_sender()
    failed = [Record(time=1, level_number=40, logger="l", message="failed")]
    sender.send(checkpoint, records(1, 3) + failed, {"at": 4})
    ms, n = (int(word) for word in any_redis.client().hmget(Keys(prefix).meta("s"), "ms", "n") if word)
    assert sender.last == ("s", f"{ms}-{n}")
    assert sender.errors == 1
