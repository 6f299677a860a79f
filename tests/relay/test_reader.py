from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tailrace.wire import StreamID
from tailrace_relay.position import START, Generation, Position
from tailrace_relay.reader import Gap, Item, Page, Piece, Reader, onward
from tests.relay.stored import Ledger, StoredStream, frame_of


def summary(items: list[Item]) -> list[str]:
    """What a reader gave, as `first-last` of pieces and `reason:count` of gaps."""
    return [
        f"{item.first_n}-{item.last.n}" if isinstance(item, Piece) else f"{item.reason}:{item.count}" for item in items
    ]


def gap_of(items: list[Item]) -> Gap:
    """The only gap among them."""
    [gap] = [item for item in items if isinstance(item, Gap)]
    return gap


@pytest.fixture
def stream() -> StoredStream:
    """Numbers 1 to 12 in frames of three."""
    stream = StoredStream()
    for _ in range(4):
        stream.append(3)
    return stream


def test_a_reader_at_the_start_is_given_every_record(stream: StoredStream) -> None:
    assert summary(stream.read(Reader())) == ["1-3", "4-6", "7-9", "10-12"]


def test_pages_may_be_of_any_size(stream: StoredStream) -> None:
    for count in range(1, 6):
        assert summary(stream.read(Reader(), count)) == ["1-3", "4-6", "7-9", "10-12"]


def test_the_position_takes_over_the_numbering_in_force(stream: StoredStream) -> None:
    reader = Reader()
    stream.read(reader)
    assert reader.position == Position(stream.last, "e1", 0)


def test_the_end_of_a_full_page_is_not_yet_the_end_of_the_stream(stream: StoredStream) -> None:
    reader = Reader()
    reader.take(stream.page(reader.scan, 4))
    assert not reader.level
    assert reader.take(stream.page(reader.scan, 4)) == []
    assert reader.level


@pytest.mark.parametrize("n", range(13))
def test_a_cursor_within_a_frame_gets_the_rest_of_it(stream: StoredStream, n: int) -> None:
    ledger = Ledger(n)
    ledger.take(stream.read(Reader(stream.position(n))))
    assert sorted(ledger.delivered) == list(range(n + 1, 13))


@pytest.mark.parametrize("ms", [0, 1, 1_001, 1_003, 5_000])
@pytest.mark.parametrize("n", range(13))
def test_a_bare_cursor_whose_time_is_wrong_is_found_by_its_number(stream: StoredStream, n: int, ms: int) -> None:
    items = stream.read(Reader(Position(StreamID(ms, n))))
    assert not any(isinstance(item, Gap) for item in items)
    assert sum(item.count or 0 for item in items) == 12 - n


def test_a_wrong_time_costs_no_false_gap_when_the_rest_was_trimmed(stream: StoredStream) -> None:
    stream.trim(2)
    items = stream.read(Reader(Position(StreamID(5_000, 3))))
    assert summary(items) == ["trimmed:3", "7-9", "10-12"]


def test_trimmed_records_are_a_gap_between_the_ids_that_the_reader_knows(stream: StoredStream) -> None:
    cursor = stream.position(2)
    stream.trim(2)
    gap = gap_of(stream.read(Reader(cursor)))
    assert gap == Gap(4, cursor.id, StreamID(1_003, 7), "trimmed", Position(StreamID(1_003, 6), "e1", 0))


def test_a_reader_from_the_first_record_is_told_what_was_trimmed(stream: StoredStream) -> None:
    stream.trim(1)
    assert summary(stream.read(Reader())) == ["trimmed:3", "4-6", "7-9", "10-12"]


def test_a_stream_trimmed_to_nothing_is_a_gap_up_to_its_end(stream: StoredStream) -> None:
    stream.trim(4)
    reader = Reader(stream.position(5))
    assert summary(stream.read(reader)) == ["trimmed:7"]
    stream.append(2)
    assert summary(stream.read(reader)) == ["13-14"]


def test_entries_trimmed_between_two_pages_are_a_gap(stream: StoredStream) -> None:
    reader = Reader()
    assert summary(reader.take(stream.page(reader.scan, 1))) == ["1-3"]
    stream.trim(3)
    assert summary(stream.read(reader)) == ["trimmed:6", "10-12"]


def test_what_was_cleared_is_told_apart_from_what_was_trimmed(stream: StoredStream) -> None:
    reader = Reader(stream.position(5))
    stream.clear()
    stream.append(2)
    stream.append(2)
    stream.trim(1)
    assert summary(stream.read(reader)) == ["cleared:7", "trimmed:2", "15-16"]


def test_a_cleared_stream_is_a_gap_up_to_its_end(stream: StoredStream) -> None:
    stream.clear()
    assert summary(stream.read(Reader())) == ["cleared:12"]


def test_what_an_agent_shed_is_a_gap_that_counts_by_level(stream: StoredStream) -> None:
    stream.append(2, shed=5)
    items = stream.read(Reader(stream.position(12)))
    assert summary(items) == ["agent_dropped:5", "18-19"]
    assert gap_of(items).by_level == {"DEBUG": 5}


def test_a_cursor_within_what_was_shed_is_told_the_rest_of_the_count_alone(stream: StoredStream) -> None:
    stream.append(2, shed=5)
    items = stream.read(Reader(stream.position(14)))
    assert summary(items) == ["agent_dropped:3", "18-19"]
    assert gap_of(items).by_level is None


def test_shed_and_trimmed_records_before_one_frame_are_two_gaps(stream: StoredStream) -> None:
    stream.append(2, shed=5)
    stream.trim(3)
    stream.trim(1)
    assert summary(stream.read(Reader(stream.position(10)))) == ["trimmed:2", "agent_dropped:5", "18-19"]


def test_foreign_and_damaged_entries_are_counted_and_passed_over(stream: StoredStream) -> None:
    stream.add_foreign()
    stream.append(1)
    stream.add_foreign()
    reader = Reader()
    assert summary(stream.read(reader, 1)) == ["1-3", "4-6", "7-9", "10-12", "13-13"]
    assert reader.foreign == 2


def test_a_page_of_nothing_but_foreign_entries_is_not_the_end(stream: StoredStream) -> None:
    for _ in range(50):
        stream.add_foreign()
    stream.append(1)
    assert summary(stream.read(Reader(stream.position(12)), 7)) == ["13-13"]


def test_a_new_epoch_begins_at_its_first_record(stream: StoredStream) -> None:
    reader = Reader(stream.position(12))
    stream.lose()
    stream.append(2)
    items = stream.read(reader)
    assert summary(items) == ["epoch:None", "1-2"]
    assert gap_of(items).before == StreamID(stream.born, 1)


def test_an_emptied_redis_is_told_once_and_then_the_stream_goes_on(stream: StoredStream) -> None:
    reader = Reader(stream.position(12))
    stream.lose()
    assert summary(stream.read(reader)) == ["epoch:None"]
    assert reader.position == START
    assert stream.read(reader) == []
    stream.append(2)
    assert summary(stream.read(reader)) == ["1-2"]


def test_a_reader_of_a_stream_that_never_was_has_nothing_to_be_told() -> None:
    stream = StoredStream(lost=True)
    assert stream.read(Reader()) == []


def test_a_fork_withdraws_what_lay_behind_the_last_common_record(stream: StoredStream) -> None:
    reader = Reader()
    stream.read(reader)
    stream.roll_back(2)
    stream.append(4)
    items = stream.read(reader)
    assert summary(items) == ["fork:6", "7-10"]
    assert gap_of(items).after == StreamID(1_002, 6)


def test_a_fork_that_has_grown_beyond_the_reader_is_found_by_its_generation(stream: StoredStream) -> None:
    cursor = stream.position(8)
    stream.roll_back(2)
    for _ in range(5):
        stream.append(3)
    assert summary(stream.read(Reader(cursor))) == ["fork:2", "7-9", "10-12", "13-15", "16-18", "19-21"]


def test_a_fork_behind_the_reader_changes_nothing_for_it(stream: StoredStream) -> None:
    cursor = stream.position(5)
    stream.roll_back(2)
    stream.append(1)
    assert summary(stream.read(Reader(cursor))) == ["6-6", "7-7"]


def test_the_deepest_of_several_forks_counts(stream: StoredStream) -> None:
    cursor = stream.position(12)
    stream.roll_back(1)
    stream.roll_back(2)
    stream.append(1)
    stream.append(1)
    stream.roll_back(1)
    stream.append(1)
    assert summary(stream.read(Reader(cursor))) == ["fork:9", "4-4", "5-5"]


def test_a_later_generation_that_goes_on_from_the_end_is_no_fork(stream: StoredStream) -> None:
    reader = Reader(stream.position(12))
    stream.generations.append(Generation(1_763_683_200_000, stream.last))
    stream.append(1)
    assert summary(stream.read(reader)) == ["13-13"]
    assert reader.position.generation == 1_763_683_200_000


def test_a_data_file_rolled_back_is_a_fork_even_before_its_next_record(stream: StoredStream) -> None:
    reader = Reader(stream.position(12))
    stream.trim(0)
    del stream.entries[2:]
    stream.last = stream.entries[-1].id
    assert summary(stream.read(reader)) == ["fork:6"]


@pytest.mark.parametrize("ms", [0, 1_002, 9_000_000])
def test_a_cursor_from_the_future_goes_back_to_the_end(stream: StoredStream, ms: int) -> None:
    items = stream.read(Reader(Position(StreamID(ms, 500))))
    assert summary(items) == ["fork:488"]
    assert gap_of(items).after == stream.last


def test_a_page_asked_for_from_elsewhere_is_passed_over(stream: StoredStream) -> None:
    reader = Reader()
    assert reader.take(stream.page(StreamID(1_002, 6))) == []
    assert not reader.level
    assert summary(stream.read(reader)) == ["1-3", "4-6", "7-9", "10-12"]


def test_a_page_whose_end_was_cut_off_leads_to_no_false_gap(stream: StoredStream) -> None:
    reader = Reader()
    page = stream.page(reader.scan)
    assert summary(reader.take(Page(page.meta, page.scan, page.entries[:2], more=True))) == ["1-3", "4-6"]
    assert not reader.level
    assert summary(stream.read(reader)) == ["7-9", "10-12"]


def test_a_hole_is_looked_at_from_the_start_only_once(stream: StoredStream) -> None:
    cursor = stream.position(2)
    stream.trim(3)
    reader, scans = Reader(cursor), []
    while not reader.level:
        scans.append(reader.scan)
        reader.take(stream.page(reader.scan))
    assert scans == [cursor.id, StreamID(0, 2)]


def test_onward_from_a_position_before_the_frame_gives_the_whole_frame() -> None:
    [piece] = onward(Position(StreamID(5, 7), "e"), StreamID(6, 9), frame_of(["a", "b"]))
    assert isinstance(piece, Piece)
    assert (piece.first_n, piece.count, piece.skip) == (8, 2, 0)
    assert piece.position == Position(StreamID(6, 9), "e")


# Any history, and any cursor.

HISTORY = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 5), st.sampled_from([0, 0, 0, 1, 4])),
        st.tuples(st.just("read"), st.integers(1, 4), st.integers(1, 4)),
        st.tuples(st.just("trim"), st.integers(1, 3), st.just(0)),
        st.tuples(st.just("roll_back"), st.integers(1, 3), st.sampled_from([0, 7])),
        st.tuples(st.sampled_from(["foreign", "clear", "lose"]), st.just(0), st.just(0)),
    ),
    max_size=30,
)


def happen(stream: StoredStream, what: str, first: int, second: int) -> None:
    if what == "append":
        stream.append(first, shed=second, ms=second % 2)
    elif what == "trim":
        stream.trim(first)
    elif what == "roll_back" and not stream.lost:
        stream.roll_back(first, clock=second)
    elif what == "foreign":
        stream.add_foreign()
    elif what == "clear" and not stream.lost:
        stream.clear()
    elif what == "lose":
        stream.lose()


@settings(max_examples=1000, deadline=None)
@given(HISTORY)
def test_whatever_happens_every_number_is_delivered_or_declared_once_and_in_order(history: list) -> None:  # type: ignore[type-arg]
    stream, reader, ledger = StoredStream(lost=True), Reader(), Ledger()
    held: set[int] = set()
    for what, first, second in [*history, ("append", 1, 0)]:
        if what == "read":
            for _ in range(first):
                ledger.take(reader.take(stream.page(reader.scan, second)))
        else:
            happen(stream, what, first, second)
    ledger.take(stream.read(reader, 2))
    assert ledger.n == stream.last.n
    assert ledger.epoch == stream.epoch
    for entry in stream.entries:
        if entry.frame is not None:
            held |= set(range(entry.id.n - entry.frame.count + 1, entry.id.n + 1))
    for n, name in stream.names.items():
        # Each number once: either its record, as it is now, or a reason that is true.
        if n in ledger.delivered:
            assert ledger.delivered[n] == name
            assert n not in ledger.declared
        elif name is None:
            assert ledger.declared[n] in ("agent_dropped", "trimmed", "cleared")
        else:
            assert ledger.declared[n] in ("trimmed", "cleared")
            assert n not in held


@settings(max_examples=1000, deadline=None)
@given(
    HISTORY,
    st.integers(0, 80),
    st.integers(0, 1_200) | st.integers(0, 1 << 50),
    st.booleans(),
)
def test_any_cursor_is_answered_with_records_and_true_gaps(history: list, n: int, ms: int, bare: bool) -> None:  # type: ignore[type-arg]
    stream = StoredStream(lost=True)
    for what, first, second in [*history, ("append", 2, 0)]:
        happen(stream, what, first, second)
    position = Position(StreamID(ms, n)) if bare else Position(StreamID(ms, n), "e1", 0)
    ledger = Ledger(n)
    ledger.take(stream.read(Reader(position), 3))
    assert ledger.n == stream.last.n
    held = {
        number
        for entry in stream.entries
        if entry.frame is not None
        for number in range(entry.id.n - entry.frame.count + 1, entry.id.n + 1)
    }
    assert not held & set(ledger.declared)
    assert all(stream.names[number] == name for number, name in ledger.delivered.items())
