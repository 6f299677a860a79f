"""DESIGN §4, rules 2 to 4: what is accepted, which numbers it gets, and what is stored and published of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
import redis

from tailrace.wire import SCRIPT, Facts, Frame, Publication, Record, Status, StreamID, append_call, make_frame
from tests.agent.wire.producing import HOUR, NOON, Producer, Stream
from tests.servers import Server, wait_for

LARGEST = 2**53 - 1


def test_the_first_frame_starts_an_epoch_with_the_agents_word(stream: Stream, producer: Producer) -> None:
    answer = producer.append(1, 3, epoch="first")
    assert (answer.status, answer.mark, answer.epoch, answer.generation) == (Status.OK, 3, "first", 0)
    assert answer.id == answer.last == StreamID(answer.last.ms, 3)
    meta = stream.meta()
    assert meta.pop("gens").startswith("0:0-0:")
    size = str(len(producer.frame(1, 3)))
    ms = str(answer.last.ms)
    assert meta == {"epoch": "first", "born": ms, "ms": ms, "n": "3", "b": size, "b0": "0", "cleared": "0"}


def test_later_frames_keep_the_epoch_and_go_on_counting(producer: Producer) -> None:
    producer.append(1, 3, epoch="first")
    answer = producer.append(4, 2, epoch="second")
    assert (answer.status, answer.epoch, answer.last.n) == (Status.OK, "first", 5)


def test_an_id_is_that_of_the_frames_last_record(stream: Stream, producer: Producer) -> None:
    ids = [producer.append(1, 3).id, producer.append(4, 1).id, producer.append(5, 512).id]
    assert [entry.id for entry in stream.entries()] == ids
    assert [entry.id.n for entry in stream.entries()] == [3, 4, 516]


def test_ids_carry_the_time_of_redis(stream: Stream, producer: Producer) -> None:
    before = stream.now()
    assert before <= producer.append(1).last.ms <= stream.now()


def test_shed_records_take_numbers_before_the_frame(stream: Stream, producer: Producer) -> None:
    producer.append(1, 2)
    answer = producer.append(10, 3, shed=7)
    assert (answer.status, answer.last.n, answer.mark) == (Status.OK, 12, 12)
    assert [(entry.id.n, entry.frame.count, entry.frame.shed) for entry in stream.entries()] == [(2, 2, 0), (12, 3, 7)]


def test_a_producer_may_begin_with_shed_records(producer: Producer) -> None:
    assert producer.append(6, 1, shed=5).last.n == 6


def test_the_mark_holds_seq_and_id_and_expires(stream: Stream, producer: Producer) -> None:
    answer = producer.append(1, 3, mark_ttl=600_000)
    assert producer.mark() == f"3 {answer.id}"
    left: Any = stream.client.pttl(producer.key)
    assert 590_000 < left <= 600_000


def test_a_retry_after_an_unclear_answer_is_harmless(stream: Stream, producer: Producer) -> None:
    first = producer.append(1, 3)
    again = producer.append(1, 3)
    assert (again.status, again.id, again.mark, again.epoch, again.last) == (
        Status.OLD,
        first.id,
        3,
        first.epoch,
        first.last,
    )
    assert stream.messages() == ["1", "2", "3"]


def test_an_older_frame_is_answered_with_the_marks_id(producer: Producer) -> None:
    producer.append(1, 3)
    last = producer.append(4, 3)
    assert (producer.append(1, 3).status, producer.append(2, 1).id) == (Status.OLD, last.id)


@pytest.mark.parametrize(("first", "count", "shed"), [(3, 2, 0), (1, 9, 0), (4, 1, 1), (6, 1, 3)])
def test_a_frame_accepted_in_part_is_refused_with_the_mark(
    stream: Stream, producer: Producer, first: int, count: int, shed: int
) -> None:
    accepted = producer.append(1, 3)
    answer = producer.append(first, count, shed=shed)
    assert (answer.status, answer.mark, answer.id) == (Status.OVERLAP, 3, accepted.id)
    assert stream.messages() == ["1", "2", "3"]


def test_after_an_overlap_the_rest_is_accepted(stream: Stream, producer: Producer) -> None:
    producer.append(1, 3)
    answer = producer.append(2, 4)
    assert answer.mark is not None
    assert producer.append(answer.mark + 1, 2).status is Status.OK
    assert stream.messages() == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize(("first", "shed"), [(5, 0), (100, 0), (8, 3)])
def test_a_frame_behind_a_hole_is_refused_with_the_mark(
    stream: Stream, producer: Producer, first: int, shed: int
) -> None:
    accepted = producer.append(1, 3)
    answer = producer.append(first, shed=shed)
    assert (answer.status, answer.mark, answer.id, answer.epoch) == (Status.BEHIND, 3, accepted.id, accepted.epoch)
    assert stream.messages() == ["1", "2", "3"]


def test_a_producer_without_mark_is_behind_unless_it_begins(stream: Stream, producer: Producer) -> None:
    answer = producer.append(4)
    assert (answer.status, answer.mark, answer.id, answer.epoch, answer.last) == (
        Status.BEHIND,
        None,
        None,
        "",
        (0, 0),
    )
    assert (stream.raw(), stream.meta(), producer.mark()) == ([], {}, None)


def test_what_is_declared_shed_fills_the_hole(producer: Producer) -> None:
    assert producer.append(4).status is Status.BEHIND
    assert producer.append(4, shed=3).last.n == 4


def test_an_evicted_mark_shows_as_behind_while_the_stream_goes_on(stream: Stream, producer: Producer) -> None:
    accepted = producer.append(1, 3)
    stream.client.delete(producer.key)
    answer = producer.append(4)
    assert (answer.status, answer.mark, answer.epoch, answer.last) == (
        Status.BEHIND,
        None,
        accepted.epoch,
        accepted.last,
    )
    successor = Producer(stream, stream.client)
    assert successor.append(1).last.n == 4


def test_a_refusal_writes_nothing(stream: Stream, producer: Producer) -> None:
    producer.append(1, 3, mark_ttl=600_000)
    held = stream.raw(), stream.meta(), producer.mark()
    stream.client.pexpire(producer.key, 300_000)
    for first, count in [(1, 3), (2, 5), (9, 1)]:
        assert producer.append(first, count).status is not Status.OK
    left: Any = stream.client.pttl(producer.key)
    assert (stream.raw(), stream.meta(), producer.mark()) == held
    assert left <= 300_000


def test_producers_at_once_share_one_numbering_without_holes(any_redis: Server, stream: Stream) -> None:
    producers = [Producer(stream, any_redis.client()) for _ in range(4)]
    together = threading.Barrier(len(producers))

    def run(producer: Producer) -> None:
        together.wait()
        first = 1
        for number in range(60):
            count, shed = 1 + number % 5, number % 3
            assert producer.append(first + shed, count, shed=shed).status is Status.OK
            first += shed + count

    threads = [threading.Thread(target=run, args=(producer,)) for producer in producers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for producer in producers:
        producer.client.close()
    check_neighbours(stream)
    assert {entry.frame.producer for entry in stream.entries()} == {producer.id for producer in producers}
    for producer in producers:
        own = [entry.frame for entry in stream.entries() if entry.frame.producer == producer.id]
        assert len(own) == 60
        assert all(after.first_seq - after.shed == before.last_seq + 1 for before, after in pairwise(own))


def check_neighbours(stream: Stream) -> None:
    """Each frame begins, with the records shed before it, where the one before it ended."""
    entries = stream.entries()
    assert entries[0].id.n == entries[0].frame.shed + entries[0].frame.count
    for before, after in pairwise(entries):
        assert after.id > before.id
        assert after.id.n - after.frame.count - after.frame.shed == before.id.n


def test_a_clock_that_goes_back_keeps_the_last_time(stream: Stream, producer: Producer) -> None:
    producer.append(1, 3)
    ahead = stream.now() + 5 * HOUR
    stream.set_meta(ms=ahead)
    assert producer.append(4).id == StreamID(ahead, 4)
    assert producer.append(5, 2).id == StreamID(ahead, 6)


def test_foreign_entries_do_not_end_an_epoch_when_the_clock_went_back(stream: Stream, producer: Producer) -> None:
    ahead = stream.now() + 5 * HOUR
    producer.append(1)
    stream.set_meta(ms=ahead)
    epoch = producer.append(2).epoch
    stream.add_foreign()
    answer = producer.append(3)
    assert (answer.epoch, answer.id) == (epoch, StreamID(ahead + 1, 3))
    assert stream.messages() == ["1", "2", "3"]


def test_an_evicted_meta_starts_an_epoch_and_removes_what_belongs_to_none(stream: Stream, producer: Producer) -> None:
    producer.append(1, 3, epoch="first")
    stream.client.delete(stream.meta_key)
    answer = producer.append(4, 2, epoch="second")
    assert (answer.status, answer.epoch, answer.generation, answer.last.n) == (Status.OK, "second", 0, 2)
    assert stream.messages() == ["4", "5"]


def test_limits_in_meta_alone_are_no_numbering(stream: Stream, producer: Producer) -> None:
    stream.set_meta(age=HOUR, bytes=1 << 20)
    assert producer.append(1, epoch="first").epoch == "first"
    assert (stream.meta()["age"], stream.meta()["bytes"]) == (str(HOUR), str(1 << 20))


def test_an_emptied_redis_starts_an_epoch_and_asks_for_what_the_agent_holds(stream: Stream, producer: Producer) -> None:
    producer.append(1, 3, epoch="first")
    stream.client.delete(stream.key, stream.meta_key, producer.key)
    lost = producer.append(4)
    assert (lost.status, lost.mark, lost.epoch) == (Status.BEHIND, None, "")
    answer = producer.append(3, 2, shed=2, epoch="second")
    assert (answer.status, answer.epoch, answer.last.n) == (Status.OK, "second", 4)


@pytest.mark.parametrize("word", ["", "two words", "a:b", "a\n"])
def test_a_numbering_needs_a_word(stream: Stream, producer: Producer, word: str) -> None:
    with pytest.raises(redis.ResponseError, match="no epoch word"):
        producer.append(1, epoch=word)
    assert (stream.raw(), stream.meta(), producer.mark()) == ([], {}, None)


def test_cleared_is_kept_until_a_new_epoch(stream: Stream, producer: Producer) -> None:
    producer.append(1, 5)
    stream.set_meta(cleared=4)
    producer.append(6)
    assert stream.meta()["cleared"] == "4"
    stream.client.hdel(stream.meta_key, "epoch")
    producer.append(7)
    assert stream.meta()["cleared"] == "0"


@pytest.mark.parametrize("field", ["born", "b", "b0", "gens", "cleared"])
def test_a_meta_that_misses_a_field_is_good_enough(stream: Stream, producer: Producer, field: str) -> None:
    epoch = producer.append(1, 3).epoch
    stream.client.hdel(stream.meta_key, field)
    answer = producer.append(4)
    assert (answer.status, answer.epoch, answer.last.n) == (Status.OK, epoch, 4)


def test_a_foreign_entry_a_bit_ahead_moves_the_time_on_but_not_the_numbers(stream: Stream, producer: Producer) -> None:
    producer.append(1, 3)
    ahead = stream.now() + 60_000
    stream.add_foreign(f"{ahead}-7")
    assert producer.append(4).id == StreamID(ahead + 1, 4)
    assert stream.meta()["ms"] == str(ahead + 1)
    check_neighbours(stream)


def test_a_foreign_entry_of_the_same_millisecond_is_passed(stream: Stream, producer: Producer) -> None:
    ahead = stream.now() + 60_000
    producer.append(1)
    stream.set_meta(ms=ahead)
    producer.append(2)
    stream.add_foreign(f"{ahead}-1000000")
    assert producer.append(3).id == StreamID(ahead + 1, 3)


def test_a_foreign_entry_within_the_hour_keeps_the_epoch(stream: Stream, producer: Producer) -> None:
    epoch = producer.append(1, 3).epoch
    ahead = stream.now() + HOUR - 30_000
    stream.add_foreign(f"{ahead}-1")
    answer = producer.append(4)
    assert (answer.epoch, answer.id) == (epoch, StreamID(ahead + 1, 4))


@pytest.mark.parametrize("id", ["9007199254740993-1", "18446744073709551614-0", f"{2**64 - 1}-{2**64 - 1}"])
@pytest.mark.parametrize("emptied", [False, True])
def test_a_foreign_entry_far_in_the_future_starts_an_epoch(
    stream: Stream, producer: Producer, id: str, emptied: bool
) -> None:
    producer.append(1, 3, epoch="first")
    stream.add_foreign(id)
    if emptied:
        stream.client.xtrim(stream.key, maxlen=0, approximate=False)
    answer = producer.append(4, 2, epoch="second")
    assert (answer.status, answer.epoch, answer.last.n) == (Status.OK, "second", 2)
    assert answer.last.ms <= stream.now()
    assert stream.messages() == ["4", "5"]
    assert producer.append(6).last.n == 3


@pytest.mark.parametrize("emptied", [False, True])
def test_a_stream_of_foreign_entries_alone_is_replaced(stream: Stream, producer: Producer, emptied: bool) -> None:
    id = stream.add_foreign("18446744073709551615-1")
    if emptied:
        stream.client.xdel(stream.key, id)
    assert producer.append(1).last.n == 1
    assert len(stream.raw()) == 1


def test_foreign_entries_are_no_frames_and_leave_no_hole(stream: Stream, producer: Producer) -> None:
    for first in range(1, 10, 2):
        producer.append(first, 2)
        stream.add_foreign()
    assert len(stream.raw()) == 10
    check_neighbours(stream)


def test_numbers_near_2_53_are_written_in_full(stream: Stream, producer: Producer) -> None:
    producer.append(1)
    stream.set_meta(ms=LARGEST - 50, n=LARGEST - 20, b=LARGEST - 4000, b0=LARGEST - 5000, cleared=LARGEST - 30)
    stream.client.set(producer.key, f"{LARGEST - 10} {LARGEST - 50}-{LARGEST - 20}")
    answer = producer.append(LARGEST - 7, 4, shed=2)
    assert answer.id == answer.last == StreamID(LARGEST - 50, LARGEST - 14)
    assert answer.mark == LARGEST - 4
    assert producer.mark() == "9007199254740987 9007199254740941-9007199254740977"
    meta = stream.meta()
    assert meta["b"] == str(LARGEST - 4000 + len(producer.frame(LARGEST - 7, 4)))
    assert (meta["ms"], meta["n"], meta["cleared"]) == ("9007199254740941", "9007199254740977", "9007199254740961")
    assert stream.raw()[-1][0] == b"9007199254740941-9007199254740977"


def test_every_byte_value_comes_out_as_it_went_in(stream: Stream, producer: Producer) -> None:
    text = bytes(range(256)) * 20 + b"\r\n\0\x1a"
    record = Record(time=NOON, level_number=20, logger="t", message=text.decode("latin-1"))
    frame = make_frame(producer.id, 1, Facts(), [record])
    names, arguments = append_call(
        stream.keys, stream.name, frame, producer=producer.id, count=1, first_seq=1, shed=0, epoch="e"
    )
    stream.client.eval(SCRIPT, len(names), *names, *arguments)
    assert stream.entries()[0].frame.data == frame
    assert stream.messages() == [record.message]


@pytest.fixture
def subscription(any_redis: Server, stream: Stream) -> Iterator[Any]:
    with any_redis.client() as client, client.pubsub() as pubsub:
        pubsub.subscribe(stream.key)
        wait_for(lambda: pubsub.get_message(timeout=0.1), 5, "the subscription")
        yield pubsub


def test_what_is_published_is_what_is_stored(stream: Stream, producer: Producer, subscription: Any) -> None:
    for first in (1, 4, 7):
        answer = producer.append(first, 3, padding=100)
        message = wait_for(lambda: subscription.get_message(timeout=0.1), 5, "the publication")
        publication = Publication.parse(message["data"])
        assert (publication.id, publication.epoch, publication.generation) == (
            answer.id,
            answer.epoch,
            answer.generation,
        )
        assert publication.frame == stream.entries()[-1].frame


def test_a_refused_frame_is_not_published(producer: Producer, subscription: Any) -> None:
    producer.append(1, 3)
    for first, count in [(1, 3), (2, 3), (7, 3)]:
        producer.append(first, count)
    producer.append(4)
    messages = [wait_for(lambda: subscription.get_message(timeout=0.1), 5, "the publication") for _ in range(2)]
    assert [Publication.parse(message["data"]).id.n for message in messages] == [3, 4]


def test_on_a_cluster_it_publishes_to_the_shard(any_redis: Server, stream: Stream, producer: Producer) -> None:
    with any_redis.client() as client, client.pubsub() as pubsub:
        pubsub.ssubscribe(stream.key)
        wait_for(lambda: pubsub.get_sharded_message(timeout=0.1), 5, "the subscription")
        producer.append(1, 3, publish="SPUBLISH")
        message = wait_for(lambda: pubsub.get_sharded_message(timeout=0.1), 5, "the publication")
    assert Publication.parse(message["data"]).id.n == 3


def test_any_record_finds_the_frame_of_its_successor(stream: Stream, producer: Producer) -> None:
    first = 1
    for count, shed in [(3, 0), (1, 4), (5, 1), (2, 0)]:
        producer.append(first + shed, count, shed=shed)
        first += shed + count
    entries = stream.entries()
    for before in entries:
        for n in range(before.id.n - before.frame.count + 1, before.id.n + 1):
            found: Any = stream.client.xrange(stream.key, f"({StreamID(before.id.ms, n)}", "+", count=1)
            if n == entries[-1].id.n:
                assert found == []
                continue
            id, frame = StreamID.parse(found[0][0].decode()), Frame.parse(found[0][1][b"f"])
            assert id.n - frame.count - frame.shed <= n < id.n


def test_a_time_bounds_a_search(stream: Stream, producer: Producer) -> None:
    now = stream.now()
    for number in range(1, 6):
        stream.set_meta(ms=now + number * 60_000)
        producer.append(2 * number - 1, 2)
    found: Any = stream.client.xrange(stream.key, now + 3 * 60_000, "+")
    assert [StreamID.parse(id.decode()).n for id, _ in found] == [6, 8, 10]
