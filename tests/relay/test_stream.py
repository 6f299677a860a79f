from __future__ import annotations

from dataclasses import replace

import pytest

from tailrace.wire import ZERO, Publication, StreamID
from tailrace_relay import stream as stream_module
from tailrace_relay.position import START, Generation, Position
from tailrace_relay.reader import Gap, Item, Piece, Reader
from tailrace_relay.stream import LiveStream, Verdict
from tests.relay.stored import StoredStream


@pytest.fixture
def stored() -> StoredStream:
    """Numbers 1 to 6 in frames of three."""
    stored = StoredStream()
    stored.append(3)
    stored.append(3)
    return stored


@pytest.fixture
def live(stored: StoredStream) -> LiveStream:
    """Stands at the end of what is stored."""
    meta = stored.meta
    assert meta is not None
    return LiveStream("api", meta.newest, meta.generations)


def numbers(items: list[Item] | None) -> list[int] | None:
    """The numbers of all records that items lead through, in their order; shed ones are negative."""
    if items is None:
        return None
    found: list[int] = []
    for item in items:
        if isinstance(item, Piece):
            found += range(item.first_n, item.last.n + 1)
        else:
            found += range(-item.after.n - 1, -item.position.id.n - 1, -1)
    return found


def test_the_next_frame_is_next(stored: StoredStream, live: LiveStream) -> None:
    publication = stored.append(2)
    assert live.judge(publication) is Verdict.NEXT
    assert numbers(live.accept(publication)) == [7, 8]
    assert live.position == Position(publication.id, "e1", 0)


def test_shed_records_are_part_of_the_frame_that_is_next(stored: StoredStream, live: LiveStream) -> None:
    publication = stored.append(1, shed=2)
    assert live.judge(publication) is Verdict.NEXT
    assert numbers(live.accept(publication)) == [-7, -8, 9]


def test_a_frame_at_or_before_the_position_is_a_duplicate(stored: StoredStream, live: LiveStream) -> None:
    publication = stored.append(2)
    live.accept(publication)
    assert live.judge(publication) is Verdict.DUPLICATE


def test_a_frame_beyond_the_next_is_a_hole(stored: StoredStream, live: LiveStream) -> None:
    stored.append(1)
    assert live.judge(stored.append(1)) is Verdict.HOLE


def test_the_first_frame_of_a_stream_that_was_not_there_is_next() -> None:
    publication = StoredStream(lost=True).append(2)
    live = LiveStream("api")
    assert live.judge(publication) is Verdict.NEXT
    live.accept(publication)
    assert live.position == Position(publication.id, publication.epoch, 0)


def test_a_later_frame_of_a_stream_that_was_not_there_is_a_hole(stored: StoredStream) -> None:
    assert LiveStream("api").judge(stored.append(1)) is Verdict.HOLE


def test_another_epoch_or_an_unknown_generation_is_a_hole(stored: StoredStream, live: LiveStream) -> None:
    publication = stored.append(1)
    assert live.judge(replace(publication, epoch="e2")) is Verdict.HOLE
    assert live.judge(replace(publication, generation=9)) is Verdict.HOLE


def test_the_last_words_of_an_older_master_are_passed_over(stored: StoredStream, live: LiveStream) -> None:
    late = stored.append(1)
    live.lineage = (Generation(0, ZERO), Generation(5, live.position.id))
    live.position = live.position._replace(generation=5)
    assert live.judge(late) is Verdict.DUPLICATE


def test_a_stream_is_in_line_with_its_own_meta(stored: StoredStream, live: LiveStream) -> None:
    assert live.in_line_with(stored.meta)
    stored.append(1)
    assert not live.in_line_with(stored.meta)


def test_a_stream_may_be_beyond_an_older_meta_but_not_beyond_a_newer_one(
    stored: StoredStream, live: LiveStream
) -> None:
    earlier = stored.meta
    known = live.position
    live.accept(stored.append(1))
    assert live.in_line_with(earlier, known)
    assert not live.in_line_with(earlier, live.position)


def test_another_numbering_is_never_in_line(stored: StoredStream, live: LiveStream) -> None:
    meta = stored.meta
    assert meta is not None
    assert not live.in_line_with(None)
    assert not live.in_line_with(replace(meta, epoch="e2"))
    assert not live.in_line_with(replace(meta, generations=(*meta.generations, Generation(5, meta.last))))
    assert LiveStream("api").in_line_with(None)
    assert not LiveStream("api").in_line_with(meta)


def test_memory_leads_from_any_place_it_reaches_to_the_end(stored: StoredStream, live: LiveStream) -> None:
    for shed in (0, 2, 0):
        live.accept(stored.append(2, shed=shed))
    every = [7, 8, -9, -10, 11, 12, 13, 14]
    for n in (6, 7, 8, 10, 11, 12, 13, 14):
        expected = [number for number in every if abs(number) > n]
        assert numbers(live.since(Position(StreamID(0, n), "e1", 0), live.position)) == expected


def test_memory_ends_where_the_group_stands(stored: StoredStream, live: LiveStream) -> None:
    upto = live.position
    for _ in range(3):
        live.accept(stored.append(1))
    assert numbers(live.since(stored.position(6), upto)) == []
    assert numbers(live.since(stored.position(6), stored.position(8))) == [7, 8]


def test_memory_does_not_reach_before_it_began(stored: StoredStream, live: LiveStream) -> None:
    live.accept(stored.append(1))
    assert live.since(stored.position(5), live.position) is None


def test_memory_within_a_gap_is_none(stored: StoredStream, live: LiveStream) -> None:
    live.accept(stored.append(1, shed=3))
    assert live.since(Position(StreamID(0, 8), "e1", 0), live.position) is None


def test_memory_is_of_one_numbering(stored: StoredStream, live: LiveStream) -> None:
    live.accept(stored.append(1))
    assert live.since(Position(StreamID(0, 6), "e2", 0), live.position) is None
    assert live.since(Position(StreamID(0, 6), "e1", 5), live.position) is None


def test_a_stream_that_began_here_is_remembered_from_its_start() -> None:
    stored, live = StoredStream(lost=True), LiveStream("api")
    live.accept(stored.append(2))
    assert numbers(live.since(START, live.position)) == [1, 2]


def test_a_fork_empties_the_memory(stored: StoredStream, live: LiveStream) -> None:
    live.accept(stored.append(2))
    stored.roll_back(2)
    stored.append(2)
    reader = Reader(live.position, live.lineage)
    live.advance(stored.read(reader))
    live.position = reader.position
    assert numbers(live.since(Position(StreamID(0, 3), "e1", stored.generation), live.position)) == [4, 5]
    assert live.since(Position(StreamID(0, 2), "e1", stored.generation), live.position) is None


def test_memory_is_bounded_and_forgets_the_oldest(
    stored: StoredStream, live: LiveStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "MEMORY", 1_000)
    for _ in range(50):
        live.accept(stored.append(1))
    assert live.since(stored.position(40), live.position) is None
    assert numbers(live.since(stored.position(55), live.position)) == [56]
    assert sum(len(item.frame.data) for item in live._recent if isinstance(item, Piece)) <= 1_000


def test_gaps_alone_do_not_fill_the_memory(live: LiveStream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "MEMORY", 1_000)
    for n in range(7, 500):
        place = live.position._replace(id=StreamID(2_000, n))
        live.advance([Gap(1, live.position.id, StreamID(2_000, n + 1), "trimmed", place)])
    assert len(live._recent) < 20


def test_what_is_held_comes_back_in_its_order_and_is_bounded(
    stored: StoredStream, live: LiveStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    publications: list[Publication] = [stored.append(1) for _ in range(20)]
    monkeypatch.setattr(stream_module, "HELD", 10 * len(publications[0].frame.data))
    for publication in publications:
        live.hold(publication)
    assert live.held == 10
    assert live.release() == publications[:10]
    assert live.release() == []
    live.hold(publications[0])
    assert live.held == 1
