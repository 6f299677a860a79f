"""DESIGN §4, rule 4: what a stream keeps, and that what it lost stays a subtraction."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tailrace.wire import DEFAULT_AGE, DEFAULT_SIZE
from tests.agent.wire.producing import HOUR, Producer, Stream
from tests.servers import wait_for

DAY = 86_400_000
LIMIT = 20_000
LARGE = 1000


def stored(stream: Stream) -> int:
    return sum(len(entry.frame.data) for entry in stream.entries())


def size_by_subtraction(stream: Stream) -> int:
    entries = stream.entries()
    return entries[-1].appended - entries[0].appended + len(entries[0].frame.data)


def age(stream: Stream, producer: Producer, ms: int) -> None:
    """Waits until the last frame is older than `ms`, by the clock of Redis."""
    last = int(stream.meta()["ms"])
    wait_for(lambda: stream.now() > last + ms, 5, "the frames to grow old")


def test_the_defaults_are_seven_days_and_256_mib() -> None:
    assert (DEFAULT_AGE, DEFAULT_SIZE) == (7 * DAY, 256 * 1024 * 1024)


def test_frames_older_than_the_limit_are_removed_by_the_next_append(stream: Stream, producer: Producer) -> None:
    for first in (1, 2, 3):
        producer.append(first)
    age(stream, producer, 20)
    producer.append(4, age=20)
    assert stream.messages() == ["4"]
    assert stream.meta()["n"] == "4"


def test_frames_within_the_limit_stay(stream: Stream, producer: Producer) -> None:
    producer.append(1)
    age(stream, producer, 20)
    producer.append(2, age=HOUR)
    assert stream.messages() == ["1", "2"]


def test_an_age_of_0_is_for_ever(stream: Stream, producer: Producer) -> None:
    producer.append(1)
    age(stream, producer, 20)
    producer.append(2, age=0)
    assert stream.messages() == ["1", "2"]


def test_the_age_in_meta_wins(stream: Stream, producer: Producer) -> None:
    producer.append(1)
    age(stream, producer, 20)
    stream.set_meta(age=0)
    producer.append(2, age=20)
    assert stream.messages() == ["1", "2"]
    age(stream, producer, 20)
    stream.set_meta(age=20)
    producer.append(3, age=0)
    assert stream.messages() == ["3"]


def test_a_stream_is_never_larger_than_its_limit_and_never_much_smaller(stream: Stream, producer: Producer) -> None:
    sizes = []
    for first in range(1, 101):
        assert producer.append(first, padding=LARGE, size=LIMIT).warning == ""
        sizes.append(stored(stream))
    assert max(sizes) <= LIMIT
    assert min(sizes[20:]) >= LIMIT // 16 * 15 - 2 * LARGE
    assert stream.messages()[-1].startswith("100x")


def test_trimming_is_seldom_due(stream: Stream, producer: Producer) -> None:
    lengths = []
    for first in range(1, 201):
        producer.append(first, padding=100, size=LIMIT)
        lengths.append(len(stream.raw()))
    trims = sum(after <= before for before, after in pairwise(lengths))
    assert 0 < trims < 40


def test_frames_of_very_different_sizes_come_down_to_the_limit(stream: Stream, producer: Producer) -> None:
    for first in range(1, 101):
        producer.append(first)
    for first in range(101, 121):
        producer.append(first, padding=4 * LARGE, size=LIMIT)
    assert stored(stream) <= LIMIT
    assert len(stream.raw()) >= 3


def test_the_newest_frame_stays_even_when_it_alone_is_beyond_the_limit(stream: Stream, producer: Producer) -> None:
    for first in (1, 2, 3):
        assert producer.append(first, padding=LARGE, size=10).warning == ""
        assert len(stream.raw()) == 1
    assert stream.meta()["n"] == "3"


def test_a_size_of_0_is_without_limit(stream: Stream, producer: Producer) -> None:
    for first in range(1, 31):
        producer.append(first, padding=LARGE, size=0)
    assert len(stream.raw()) == 30


def test_the_size_in_meta_wins(stream: Stream, producer: Producer) -> None:
    stream.set_meta(bytes=0)
    for first in range(1, 31):
        producer.append(first, padding=LARGE, size=LIMIT)
    assert len(stream.raw()) == 30
    stream.set_meta(bytes=LIMIT)
    producer.append(31, padding=LARGE, size=0)
    assert stored(stream) <= LIMIT


@pytest.mark.parametrize("text", ["", "many"])
def test_limits_that_are_no_numbers_do_no_harm(stream: Stream, producer: Producer, text: str) -> None:
    stream.set_meta(age=text, bytes=text)
    for first in (1, 2, 3):
        assert producer.append(first).warning == ""
    assert stream.messages() == ["1", "2", "3"]


def test_the_size_of_a_stream_is_a_subtraction(stream: Stream, producer: Producer) -> None:
    for first in range(1, 61):
        producer.append(first, padding=first * 20, size=LIMIT)
        stream.add_foreign()
        assert size_by_subtraction(stream) == stored(stream)
        meta = stream.meta()
        assert int(meta["b"]) == stream.entries()[-1].appended
        # What was trimmed by age or beside foreign entries is noted at the next trim by size; never too much is.
        assert int(meta["b"]) - int(meta["b0"]) >= stored(stream)
    assert int(meta["b0"]) > 0


def test_bytes_trimmed_by_age_do_not_count(stream: Stream, producer: Producer) -> None:
    for first in range(1, 16):
        producer.append(first, padding=LARGE, size=LIMIT)
    age(stream, producer, 20)
    producer.append(16, padding=LARGE, size=LIMIT, age=20)
    assert len(stream.raw()) == 1
    for first in range(17, 31):
        producer.append(first, padding=LARGE, size=LIMIT)
    assert len(stream.raw()) == 15
    assert size_by_subtraction(stream) == stored(stream)


def test_a_reader_behind_finds_exactly_how_many_it_missed(stream: Stream, producer: Producer) -> None:
    first, numbers = 1, {}
    for index in range(60):
        count, shed = 1 + index % 4, index % 2
        place = producer.append(first + shed, count, shed=shed, padding=300, size=LIMIT).last
        numbers[place] = count + shed
        first += shed + count
    cursor = sorted(numbers)[2]
    oldest = stream.entries()[0]
    gap = oldest.id.n - oldest.frame.count - oldest.frame.shed - cursor.n
    assert gap == sum(taken for place, taken in numbers.items() if cursor < place < oldest.id)
    assert gap > 50
