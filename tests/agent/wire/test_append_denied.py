"""DESIGN §4, rule 1: a call that fails at any point keeps nothing, whatever the reason."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from tailrace.wire import Answer, Status
from tests.agent.wire.conftest import MakeUser
from tests.agent.wire.producing import Producer, Stream

ONE_KIB = 1000


def held(stream: Stream, producer: Producer) -> tuple[list[Any], dict[str, str], str | None]:
    """All that Redis keeps of a stream and of one producer."""
    return stream.raw(), stream.meta(), producer.mark()


@pytest.mark.parametrize("which", ["stream", "meta", "mark"])
@pytest.mark.parametrize("first", [1, 4])
def test_a_key_of_a_wrong_type_is_refused_before_anything_is_written(
    stream: Stream, producer: Producer, which: str, first: int
) -> None:
    if first > 1:
        producer.append(1, 3)
    keys = {"stream": stream.key, "meta": stream.meta_key, "mark": producer.key}
    wrong = keys.pop(which)
    stream.client.delete(wrong)
    stream.client.rpush(wrong, "not", "ours")
    before = [stream.client.dump(key) for key in keys.values()]
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        producer.append(first)
    assert [stream.client.dump(key) for key in keys.values()] == before
    assert stream.client.lrange(wrong, 0, -1) == [b"not", b"ours"]


@pytest.mark.parametrize("text", ["", "3", "x 1-1", "3 1-1 more", "-3 1-1", " 3 1-1"])
def test_a_mark_that_is_none_is_refused(stream: Stream, producer: Producer, text: str) -> None:
    producer.append(1, 3)
    stream.client.set(producer.key, text)
    before = held(stream, producer)
    with pytest.raises(redis.ResponseError, match="holds no mark"):
        producer.append(4)
    assert held(stream, producer) == before


@pytest.mark.parametrize("mark_ttl", [0, -1])
def test_a_mark_that_cannot_be_set_undoes_the_append(stream: Stream, producer: Producer, mark_ttl: int) -> None:
    producer.append(1, 3)
    before = held(stream, producer)
    with pytest.raises(redis.ResponseError, match="invalid expire time"):
        producer.append(4, mark_ttl=mark_ttl)
    assert held(stream, producer)[:2] == before[:2]
    assert producer.append(4).last.n == 4


def test_a_channel_that_cannot_be_published_to_undoes_the_append(stream: Stream, producer: Producer) -> None:
    producer.append(1, 3)
    before = held(stream, producer)
    with pytest.raises(redis.ResponseError):
        producer.append(4, publish="NOSUCHCOMMAND")
    assert held(stream, producer) == before
    assert producer.append(4).last.n == 4


def test_a_first_frame_that_fails_leaves_nothing_behind(stream: Stream, producer: Producer) -> None:
    stream.set_meta(age=1000, bytes=1000)
    with pytest.raises(redis.ResponseError):
        producer.append(1, publish="NOSUCHCOMMAND")
    assert held(stream, producer) == ([], {"age": "1000", "bytes": "1000"}, None)
    assert producer.append(1).last.n == 1


# Redis 6.2, 7.0 and later each have their own words.
DENIED_ERROR = r"(?i)NOPERM|permission|user executing the script can't"
DENIED = ["-xadd", "-set", "-hset", "-publish", "-get", "-hmget", "-xlen", "-time"]


@pytest.mark.parametrize("rule", [*DENIED, "resetchannels"])
def test_a_denied_command_keeps_nothing(real_stream: Stream, user: MakeUser, rule: str) -> None:
    allowed = Producer(real_stream, real_stream.client)
    allowed.append(1, 3)
    before = held(real_stream, allowed)
    denied = Producer(real_stream, user(rule), allowed.id)
    with pytest.raises(redis.ResponseError, match=DENIED_ERROR):
        denied.append(4, 2)
    assert held(real_stream, allowed) == before
    assert allowed.append(4, 2).last.n == 5
    assert real_stream.messages() == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize("rule", [*DENIED, "-unlink", "resetchannels"])
def test_a_denied_command_keeps_nothing_of_a_first_frame(real_stream: Stream, user: MakeUser, rule: str) -> None:
    denied = Producer(real_stream, user(rule))
    with pytest.raises(redis.ResponseError, match=DENIED_ERROR):
        denied.append(1, 2)
    allowed = Producer(real_stream, real_stream.client, denied.id)
    assert held(real_stream, allowed) == ([], {}, None)
    assert allowed.append(1, 2).last.n == 2


def test_a_denied_command_keeps_the_numbering_that_a_new_epoch_would_have_replaced(
    real_stream: Stream, user: MakeUser
) -> None:
    allowed = Producer(real_stream, real_stream.client)
    allowed.append(1, 3)
    before = held(real_stream, allowed)
    real_stream.add_foreign("18446744073709551615-1")
    with pytest.raises(redis.ResponseError, match=DENIED_ERROR):
        Producer(real_stream, user("-publish"), allowed.id).append(4)
    assert held(real_stream, allowed)[1:] == before[1:]
    answer = allowed.append(4)
    assert (answer.epoch, answer.last.n) == (before[1]["epoch"], 4)


def test_the_ttl_of_a_mark_is_renewed_when_an_append_is_undone(real_stream: Stream, user: MakeUser) -> None:
    allowed = Producer(real_stream, real_stream.client)
    allowed.append(1, 3)
    with pytest.raises(redis.ResponseError):
        Producer(real_stream, user("-publish"), allowed.id).append(4)
    left: Any = real_stream.client.pttl(allowed.key)
    assert left > 0


@pytest.mark.parametrize("rule", ["-xtrim", "-xrange"])
def test_a_denied_trim_is_a_warning_and_the_frame_is_kept(real_stream: Stream, user: MakeUser, rule: str) -> None:
    denied = Producer(real_stream, user(rule))
    answers = [denied.append(first, padding=ONE_KIB, size=5 * ONE_KIB) for first in range(1, 11)]
    assert {answer.status for answer in answers} == {Status.OK}
    assert answers[0].warning == ""
    assert answers[-1].warning.startswith("not trimmed: ")
    assert real_stream.meta()["n"] == "10"
    assert len(real_stream.raw()) == 10


def test_a_denied_info_keeps_the_generation(real_stream: Stream, user: MakeUser) -> None:
    producer = Producer(real_stream, real_stream.client)
    producer.append(1, 3)
    generations = real_stream.generations()
    answer: Answer = Producer(real_stream, user("-info"), producer.id).append(4)
    assert (answer.status, answer.generation, answer.warning) == (Status.OK, 0, "")
    assert real_stream.generations() == generations


def test_without_info_the_first_generation_has_no_master(real_stream: Stream, user: MakeUser) -> None:
    Producer(real_stream, user("-info")).append(1)
    assert real_stream.meta()["gens"] == "0:0-0:-"


def test_a_full_redis_keeps_nothing_and_takes_the_frame_later(own_redis: Stream) -> None:
    producer = Producer(own_redis, own_redis.client)
    producer.append(1, 3)
    before = held(own_redis, producer)
    own_redis.client.config_set("maxmemory", "1")
    with pytest.raises(redis.OutOfMemoryError):
        producer.append(4)
    own_redis.client.config_set("maxmemory", "0")
    assert held(own_redis, producer) == before
    assert producer.append(4).last.n == 4


def test_the_script_needs_no_command_beyond_those_that_it_names(real_stream: Stream, user: MakeUser) -> None:
    named = "get xlen hmget time info xadd set hset publish spublish xrange xtrim unlink xinfo xdel del hdel eval"
    limited = Producer(real_stream, user("-@all", *(f"+{name}" for name in named.split())))
    for first in range(1, 21):
        assert limited.append(first, padding=ONE_KIB, size=5 * ONE_KIB).warning == ""
    real_stream.add_foreign(f"{real_stream.now() + 60_000}-1")
    assert limited.append(21).last.n == 21
    real_stream.add_foreign("18446744073709551615-1")
    assert limited.append(22).last.n == 1
    with pytest.raises(redis.ResponseError):
        limited.append(23, publish="NOSUCHCOMMAND")
    assert limited.append(23).last.n == 2
