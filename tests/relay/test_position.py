from __future__ import annotations

import pytest

from tailrace.wire import ZERO, StreamID
from tailrace_relay.position import START, Generation, Lineage, Position, StreamMeta


def meta_of(last: str = "90-50", *generations: str) -> StreamMeta:
    meta = StreamMeta.parse([b"e1", b"10", *(part.encode() for part in last.split("-")), *[b""] * 4])
    assert meta is not None
    return StreamMeta(
        meta.epoch, meta.born, meta.last, meta.cleared, meta.size, lineage(*generations) or meta.generations
    )


def lineage(*words: str) -> Lineage:
    """`number:start ID`, oldest first."""
    parts = [word.split(":") for word in words]
    return tuple(Generation(int(number), StreamID.parse(start)) for number, start in parts)


def test_a_position_is_written_with_its_numbering() -> None:
    assert str(Position(StreamID(5, 7), "4f1c", 1_763_683_200_000)) == "5-7~4f1c~1763683200000"


def test_a_position_without_a_numbering_is_its_id() -> None:
    assert str(Position(StreamID(5, 7))) == "5-7"
    assert str(START) == "0-0"


def test_a_meta_is_read_as_redis_holds_it() -> None:
    gens = b"0:0-0:abc 1763683200000:40-20:def"
    meta = StreamMeta.parse([b"4f1c", b"10", b"90", b"50", b"700", b"300", gens, b"7"])
    assert meta == StreamMeta("4f1c", 10, StreamID(90, 50), 7, 400, lineage("0:0-0", "1763683200000:40-20"))
    assert meta.newest == Position(StreamID(90, 50), "4f1c", 1_763_683_200_000)
    assert meta.first == StreamID(10, 1)


def test_a_stream_without_an_epoch_has_no_numbering() -> None:
    assert StreamMeta.parse([None] * 8) is None
    assert StreamMeta.parse([b"", b"10", b"90", b"50", None, None, None, None]) is None


def test_damaged_fields_count_as_nothing() -> None:
    meta = StreamMeta.parse([b"4f1c", b"x", b"-1", b"\xff", b"1e3", b" 1", b"x 1 :: 0:0-0:a 2:x:y 3:9-9", b"."])
    assert meta == StreamMeta("4f1c", 0, ZERO, 0, 0, lineage("0:0-0", "3:9-9"))


def test_without_generations_there_is_the_first_one() -> None:
    assert meta_of().generations == (Generation(0, ZERO),)


@pytest.mark.parametrize(
    ("generations", "position", "common"),
    [
        (["0:0-0"], Position(StreamID(80, 40), "e1", 0), 40),
        (["0:0-0"], Position(StreamID(95, 60), "e1", 0), 50),
        (["0:0-0", "5:30-30"], Position(StreamID(80, 40), "e1", 0), 30),
        (["0:0-0", "5:30-30"], Position(StreamID(20, 20), "e1", 0), 20),
        (["0:0-0", "5:30-30"], Position(StreamID(80, 40), "e1", 5), 40),
        (["0:0-0", "5:30-30", "9:20-20"], Position(StreamID(80, 40), "e1", 0), 20),
        (["0:0-0", "5:30-30", "9:20-20"], Position(StreamID(80, 40), "e1", 5), 20),
    ],
    ids=["same", "beyond the end", "forked below", "forked above", "after the fork", "the deepest", "the later"],
)
def test_what_is_common_with_a_reader(generations: list[str], position: Position, common: int) -> None:
    assert meta_of("90-50", *generations).common(position).n == common


def test_a_bare_id_is_taken_for_the_numbering_in_force() -> None:
    meta = meta_of("90-50", "0:0-0", "5:30-30")
    assert meta.common(Position(StreamID(80, 40))).n == 40
    assert meta.common(Position(StreamID(80, 70))).n == 50


def test_a_generation_that_is_gone_goes_back_to_where_the_lists_part() -> None:
    # The reader followed generation 7; Redis was restored from an older file and went on as 9.
    seen = lineage("0:0-0", "5:30-30", "7:44-44")
    meta = meta_of("90-50", "0:0-0", "5:30-30", "9:35-35")
    assert meta.common(Position(StreamID(80, 48), "e1", 7), seen).n == 35
    assert meta.common(Position(StreamID(80, 33), "e1", 7), seen).n == 33


def test_a_generation_that_is_gone_and_not_remembered_goes_back_to_the_start() -> None:
    assert meta_of("90-50", "0:0-0", "9:35-35").common(Position(StreamID(80, 48), "e1", 7)) == ZERO
