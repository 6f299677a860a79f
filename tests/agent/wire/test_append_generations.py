"""DESIGN §3, forks: what restarts, failovers and rolled back data files leave in a stream's numbering."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tailrace.wire import Keys, Status, StreamID
from tests.agent.wire.producing import HOUR, Generation, Producer, Stream
from tests.servers import MakeRedisServer, RedisServer


class Restarted:
    """A Redis whose data file the test saves, copies and puts back."""

    def __init__(self, server: RedisServer) -> None:
        self.server = server
        self.stream = Stream(server.client(), Keys())
        self.producer = Producer(self.stream, self.stream.client)

    def save(self) -> Path:
        """The data as it is now, in a file aside."""
        self.stream.client.save()
        aside = self.server.directory / "aside.rdb"
        shutil.copy(self.server.directory / "dump.rdb", aside)
        return aside

    def crash(self, data: Path | None = None) -> None:
        """Kills the server and starts it with `data`, or with nothing."""
        self.server.kill()
        kept = self.server.directory / "dump.rdb"
        kept.unlink(missing_ok=True)
        if data is not None:
            shutil.copy(data, kept)
        self.server.start()


@pytest.fixture
def redis_(own_redis_server: MakeRedisServer) -> Restarted:
    return Restarted(own_redis_server())


def test_a_restart_starts_a_generation_at_the_last_id(redis_: Restarted) -> None:
    before = redis_.producer.append(1, 5)
    redis_.crash(redis_.save())
    answer = redis_.producer.append(6)
    first, second = redis_.stream.generations()
    assert (answer.status, answer.epoch, answer.last.n) == (Status.OK, before.epoch, 6)
    assert (first.number, first.start) == (0, (0, 0))
    assert (second.number, second.start) == (answer.generation, before.id)
    assert answer.generation > before.generation
    assert first.replid != second.replid


def test_a_generation_goes_on_while_its_master_does(redis_: Restarted) -> None:
    generations = {redis_.producer.append(first).generation for first in range(1, 6)}
    redis_.crash(redis_.save())
    later = {redis_.producer.append(first).generation for first in range(6, 11)}
    assert generations == {0}
    assert len(later) == 1
    assert len(redis_.stream.generations()) == 2


def test_redis_without_persistence_starts_an_epoch_after_its_restart(redis_: Restarted) -> None:
    before = redis_.producer.append(1, 5)
    redis_.crash()
    lost = redis_.producer.append(6)
    assert (lost.status, lost.mark, lost.epoch, lost.last) == (Status.BEHIND, None, "", (0, 0))
    answer = redis_.producer.append(4, 3, shed=3)
    assert (answer.status, answer.generation, answer.last.n) == (Status.OK, 0, 6)
    assert answer.epoch != before.epoch


def test_a_data_file_rolled_back_shows_as_a_generation_below_the_readers_number(redis_: Restarted) -> None:
    common = redis_.producer.append(1, 10)
    older = redis_.save()
    lost = redis_.producer.append(11, 10)
    redis_.crash(older)
    behind = redis_.producer.append(21)
    assert (behind.status, behind.mark, behind.id, behind.last) == (Status.BEHIND, 10, common.id, common.id)
    answer = redis_.producer.append(11, 15)
    newest = redis_.stream.generations()[-1]
    assert (answer.status, answer.last.n) == (Status.OK, 25)
    assert answer.generation > lost.generation
    assert newest.start == common.id
    assert newest.start.n < lost.last.n < answer.last.n
    assert redis_.stream.messages() == [str(seq) for seq in range(1, 26)]


def test_a_rollback_with_the_clock_behind_gives_the_same_numbers_at_an_earlier_time(redis_: Restarted) -> None:
    redis_.producer.append(1, 10)
    older = redis_.save()
    redis_.stream.set_meta(ms=redis_.stream.now() + HOUR)
    lost = redis_.producer.append(11, 10)
    redis_.crash(older)
    answer = redis_.producer.append(11, 10)
    assert answer.last.n == lost.last.n
    assert answer.last.ms < lost.last.ms
    assert redis_.stream.generations()[-1].start.n == 10


def test_two_masters_that_go_on_from_the_same_records_are_different_generations(redis_: Restarted) -> None:
    redis_.producer.append(1, 10)
    older = redis_.save()
    redis_.crash(older)
    one = redis_.producer.append(11, 10)
    redis_.crash(older)
    other = redis_.producer.append(11, 10)
    assert 0 < one.generation < other.generation
    assert [gen.number for gen in redis_.stream.generations()] == [0, other.generation]


def test_generations_follow_the_clock_and_never_go_back(redis_: Restarted) -> None:
    redis_.producer.append(1)
    ahead = redis_.stream.now() + HOUR
    redis_.stream.set_meta(gens=f"0:0-0:aa {ahead}:1-1:bb")
    assert redis_.producer.append(2).generation == ahead + 1
    redis_.stream.set_meta(gens="0:0-0:aa")
    assert redis_.stream.now() - 60_000 < redis_.producer.append(3).generation <= redis_.stream.now()


def withdrawn_to(generations: list[Generation], number: int, n: int) -> int:
    """Where a reader goes back to who stands at `n` in generation `number`."""
    return min([n, *(gen.start.n for gen in generations if gen.number > number)])


def test_generations_beyond_sixteen_are_folded_and_only_withdraw_more(redis_: Restarted) -> None:
    redis_.producer.append(1)
    every = [Generation(0, StreamID(0, 0), "aa0")]
    every += [Generation(number, StreamID(1000 + number, 10 * number), f"aa{number}") for number in range(1, 40)]
    redis_.stream.set_meta(gens=" ".join(f"{gen.number}:{gen.start}:{gen.replid}" for gen in every[:16]), n=160)
    generations = redis_.stream.generations()
    for number in range(16, 40):
        redis_.stream.set_meta(n=10 * number)
        redis_.producer.append(number - 14)
        generations = redis_.stream.generations()
        if number < 39:
            # The next append sees another master.
            held = redis_.stream.meta()["gens"]
            redis_.stream.set_meta(gens=held.replace(generations[-1].replid, f"bb{number}"))
    whole = [*every[:16], *generations[-15:]]
    assert len(generations) == 16
    assert generations[0].start == (0, 0)
    assert [gen.number for gen in generations] == sorted({gen.number for gen in generations})
    for reader in (0, 5, 15, generations[3].number, generations[-1].number):
        for n in (0, 5, 77, 155, 300, 390):
            assert withdrawn_to(generations, reader, n) <= withdrawn_to(whole, reader, n)


def test_the_newest_generation_withdraws_nothing(redis_: Restarted) -> None:
    redis_.producer.append(1, 10)
    redis_.crash(redis_.save())
    answer = redis_.producer.append(11, 10)
    assert withdrawn_to(redis_.stream.generations(), answer.generation, 20) == 20
    assert withdrawn_to(redis_.stream.generations(), 0, 10) == 10
